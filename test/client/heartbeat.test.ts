import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** When the first ping is due: 9 minutes, less half of a tenth. */
const PING = 8.55 * MINUTE;

/** Lets the wait before a first retry pass. */
const passBackoff = (): void => bench.platform.advance(1_000);

describe("the heartbeat", () => {
  it("pings, and is content with an answer", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(PING);
    expect(await peer.frames.take()).toMatchObject({ action: "ping", channel: "/meta/ping" });
    // The answer has been handled when the next one has.
    await pushIt.channel("a").publish(1);
    bench.platform.advance(10_000);
    expect(pushIt.state).toBe("connected");
  });

  it("takes a ping that is not answered in time for a dead connection", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.advance(PING);
    await peer.frames.take();
    bench.platform.advance(10_000);
    expect(await states.find(({ code }) => code === "unresponsive")).toMatchObject({ state: "connecting" });
    // The old socket's end is no news.
    await peer.closed;
    await settled();
    expect(states.waiting).toBe(0);
    passBackoff();
    await bench.server.peers.take();
  });

  it("takes any answer to a ping for life, also an error", async () => {
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

  it("learns of a lost agent from any answer", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const publication = pushIt.channel("a").publish(1);
    peer.answer(await peer.frames.take(), { successful: false, error: "Unknown agent.", code: "unknown_agent" });
    await expect(publication).rejects.toMatchObject({ code: "unknown_agent" });
    await states.find(({ code }) => code === "unknown_agent");
  });
});

describe("sleep, freezing, background", () => {
  it("doubts a connection after a sleep: probes it, and replaces it when it is dead", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.sleep(5 * MINUTE);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
    bench.platform.advance(10_000);
    await states.find(({ code }) => code === "unresponsive");
  });

  it("probes when a page comes back, unless the server was heard just now", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(20_000);
    bench.platform.dispatch("visibilitychange");
    await pushIt.channel("a").publish(1);
    bench.platform.advance(31_000);
    bench.platform.dispatch("visibilitychange");
    await pushIt.channel("a").publish(2);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["publish", "ping", "publish"]);
  });

  it("probes at once when the network is back", async () => {
    const { peer } = await bench.connected();
    bench.platform.dispatch("online");
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
  });

  it("raises no false alarm where a throttled tab's timers fire late: the answer came in time", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    bench.platform.advance(PING);
    const frame = await peer.frames.take();
    // The tab is frozen with the ping under way. It thaws: the timer fires first, the answer is still queued.
    bench.platform.sleep(5 * MINUTE);
    peer.answer(frame);
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(5_000);
    expect(pushIt.state).toBe("connected");
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });
});
