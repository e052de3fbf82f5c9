import { Bench, settled } from "../support/setup.js";

const LIFETIME = 100_000;

describe("a connection that is lost right after it has replaced another one", () => {
  const bench = Bench.use();

  it("is not asked anything while the next one is opened; the old one is closed", async () => {
    const { peer: old, states } = await bench.connected({ connectionLifetime: LIFETIME, channels: ["a"], retryBase: 100 });
    await old.frames.find(({ action }) => action === "subscribe");
    bench.server.automatic = false;
    bench.platform.advance(LIFETIME);
    const next = await bench.server.peers.take();
    // The subscription is not moved, so that the client would look again in a second.
    next.answer(await next.frames.find(({ action }) => action === "ping"));
    await settled();
    next.socket.terminate();
    await states.find(({ state }) => state === "connecting");
    bench.platform.advance(100);
    await settled();
    expect(() => bench.platform.advance(1_000)).not.toThrow();
    await old.closed;
    await bench.server.peers.take();
  });
});
