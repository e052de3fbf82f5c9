import { Bench, introduced, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

describe("a connection in doubt", () => {
  it("after a freeze is not connected until the server replies", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    bench.platform.sleep(5 * MINUTE);
    expect(await states.find(({ code }) => code === "frozen")).toMatchObject({
      state: "connecting",
      previous: "connected",
      retryIn: undefined,
    });
    expect(pushIt.state).toBe("connecting");
    peer.answer(await peer.frames.take());
    expect(await states.find(({ code }) => code === "verified")).toMatchObject({
      state: "connected",
      previous: "connecting",
    });
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("after a freeze is replaced when the server does not reply", async () => {
    bench.server.automatic = false;
    const { states, peer } = await bench.connected();
    bench.platform.sleep(5 * MINUTE);
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
    bench.platform.advance(10_000);
    await states.find(({ code }) => code === "unresponsive");
    bench.platform.advance(1_000);
    await bench.server.peers.take();
  });

  it("sends nothing but the ping until the server replies", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.dispatch("offline");
    const published = pushIt.channel("a").publish(1);
    const ping = await peer.frames.take();
    await settled();
    expect([ping.action, peer.frames.waiting]).toEqual(["ping", 0]);
    peer.answer(ping);
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "publish", data: 1 });
    peer.answer(frame);
    await expect(published).resolves.toMatchObject({ uuid: frame.uuid });
  });

  it("keeps its id, its subscriptions, and incoming messages", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const { me } = pushIt;
    const subscribed = jest.fn();
    pushIt.subscribe("a");
    peer.answer(await peer.frames.take());
    await new Promise<void>((resolve) => pushIt.on("subscribed", () => resolve()));
    pushIt.on("subscribed", subscribed);
    const arrived = new Promise((resolve) => pushIt.on("message", ({ data }) => resolve(data)));
    bench.platform.dispatch("offline");
    peer.send({ channel: "a", uuid: "u", data: "meanwhile" });
    expect(await arrived).toBe("meanwhile");
    expect(pushIt.me).toBe(me);
    peer.answer(await peer.frames.find(({ action }) => action === "ping"));
    await states.find(({ code }) => code === "verified");
    await settled();
    expect([subscribed.mock.calls.length, peer.frames.waiting]).toEqual([0, 0]);
  });

  it("can be ended by the application", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    bench.platform.dispatch("offline");
    pushIt.disconnect();
    expect(pushIt.state).toBe("disconnected");
    await peer.closed;
  });
});

describe("the network", () => {
  it("that comes back leads to a ping at once", async () => {
    const { peer } = await bench.connected();
    // The last frame has arrived on the previous network.
    bench.platform.dispatch("online");
    expect(await peer.frames.take()).toMatchObject({ action: "ping" });
  });
});

describe("a page that comes back", () => {
  it("pings, unless a frame has just arrived", async () => {
    const { pushIt, peer } = await bench.connected();
    bench.platform.advance(20_000);
    bench.platform.dispatch("visibilitychange");
    await pushIt.channel("a").publish(1);
    bench.platform.advance(31_000);
    bench.platform.dispatch("visibilitychange");
    await pushIt.channel("a").publish(2);
    expect(peer.frames.all.map(({ action }) => action)).toEqual(["publish", "ping", "publish"]);
  });

  it("is not an alarm if the reply had arrived in time", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    bench.platform.advance(8.55 * MINUTE);
    const frame = await peer.frames.take();
    // The tab is frozen with the ping under way. It thaws: the timer fires first, the reply is still queued.
    bench.platform.sleep(5 * MINUTE);
    peer.answer(frame);
    peer.send({ channel: "a", uuid: "u", data: 1 });
    await new Promise<void>((resolve) => pushIt.on("message", () => resolve()));
    bench.platform.advance(5_000);
    expect(pushIt.state).toBe("connected");
    expect(states.all.map(({ code }) => code)).toEqual(["connect", "connected", "frozen", "verified"]);
  });

  it("that was only throttled stays connected", async () => {
    bench.platform.document.onfreeze = null;
    const { pushIt, states, peer } = await bench.connected();
    bench.platform.document.hidden = true;
    bench.platform.dispatch("visibilitychange");
    for (let minute = 0; minute < 30; minute++) {
      bench.platform.sleep(MINUTE);
      await pushIt.channel("a").publish(minute);
    }
    await introduced(pushIt);
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
    expect(peer.frames.all.filter(({ action }) => action === "ping").length).toBeLessThanOrEqual(4);
  });
});
