import { Heartbeat } from "../../../client/src/connection/heartbeat.js";
import { PingPayload } from "../../../client/src/connection/ping-payload.js";
import { FakeConnection, FakeInternals } from "../support/fake-internals.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** When the first ping is due: 9 minutes, less half of a tenth. */
const PING = 8.55 * MINUTE;

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("the heartbeat", () => {
  it("pings, and continues after a reply", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    expect(await peer.frames.take()).toMatchObject({ action: "ping", channel: "/meta/ping" });
    // The reply has been handled when the next one has.
    await pushIt.channel("a").publish(1);
    bench.platform.advance(10_000);
    expect(pushIt.state).toBe("connected");
  });

  it("treats a ping without a reply as a dead connection", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    bench.platform.advance(10_000);
    expect(await states.find(({ code }) => code === "unresponsive")).toMatchObject({ state: "connecting" });
    // The old socket's end changes nothing.
    await peer.closed;
    await settled();
    expect(states.waiting).toBe(0);
    passBackoff();
    await bench.server.peers.take();
  });

  it("treats an error without a uuid as a reply to its ping", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    pushIt
      .channel("a")
      .publish(1)
      .catch(() => undefined);
    await peer.frames.take();
    bench.platform.advance(1_000);
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(9_000);
    expect(pushIt.state).toBe("connected");
  });

  it("treats any reply to a ping as alive, also an error", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    peer.answer(await peer.frames.take(), { successful: false, code: "unavailable", error: "Busy." });
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(MINUTE);
    expect(pushIt.state).toBe("connected");
  });

  it("reconnects when the server does not know the agent any more", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.advance(PING);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    const change = await states.find(({ code }) => code === "unknown_agent");
    expect(change).toMatchObject({ state: "connecting", reason: "Unknown agent." });
    passBackoff();
    await bench.server.peers.take();
  });

  it("notices a lost agent by any reply", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    await expect(publication).rejects.toMatchObject({ code: "unknown_agent" });
    await states.find(({ code }) => code === "unknown_agent");
  });
});

/** A heartbeat alone, and when it pinged. */
const make = (random = 0) => {
  const client = new FakeInternals();
  client.platform.random = random;
  const start = client.platform.now;
  const pings: number[] = [];
  const heartbeat = new Heartbeat(client, new PingPayload(client, new FakeConnection()), () =>
    pings.push(client.platform.now - start),
  );
  return { platform: client.platform, heartbeat, pings };
};

describe("the heartbeat's interval", () => {
  it("is 9 minutes, less up to a tenth at random", () => {
    const latest = make(0);
    latest.heartbeat.start();
    latest.platform.advance(30 * MINUTE);
    expect(latest.pings).toEqual([9 * MINUTE, 18 * MINUTE, 27 * MINUTE]);

    const earliest = make(1);
    earliest.heartbeat.start();
    earliest.platform.advance(17 * MINUTE);
    expect(earliest.pings).toEqual([8.1 * MINUTE, 16.2 * MINUTE]);
  });

  it("starts with a new connection, and ends with it", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.start();
    platform.advance(5 * MINUTE);
    heartbeat.start();
    platform.advance(8 * MINUTE);
    expect(pings).toEqual([]);
    heartbeat.stop();
    platform.advance(30 * MINUTE);
    expect([pings, platform.timers]).toEqual([[], 0]);
  });
});

describe("after something was sent", () => {
  it("4 seconds of silence lead to a ping", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.sent();
    platform.advance(3_000);
    heartbeat.sent();
    platform.advance(999);
    expect(pings).toEqual([]);
    platform.advance(1);
    expect(pings).toEqual([4_000]);
  });

  it("any incoming frame is enough", () => {
    const { platform, heartbeat, pings } = make();
    heartbeat.sent();
    platform.advance(3_999);
    heartbeat.received();
    platform.advance(MINUTE);
    expect([pings, platform.timers]).toEqual([[], 0]);
  });
});
