import { arrived, at, QUIET, subscribed } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const MINUTE = 60_000;

/** Lets time pass second by second, so that frames are sent in between. */
const pass = async (seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second++) {
    bench.platform.advance(1_000);
    await settled();
  }
};

describe("a network that dies silently", () => {
  it("is noticed within 15 seconds of a sent frame", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    await pass(60);
    const published = expect(pushIt.channel("a").publish(1)).rejects.toMatchObject({ code: "closed" });
    await peer.frames.take();
    await pass(13);
    expect(pushIt.state).toBe("connected");
    await pass(2);
    expect(
      await states.find(({ state, previous }) => state === "connecting" && previous === "connected"),
    ).toMatchObject({ code: "unresponsive", reason: "The server did not reply to a ping." });
    await published;
    await bench.server.peers.take();
  });

  it("is noticed although the client keeps sending", async () => {
    bench.server.automatic = false;
    const { pushIt, states } = await bench.connected();
    pushIt.on("error", () => {});
    for (let second = 0; second < 15; second++) {
      pushIt.send({ channel: "a", data: second });
      await pass(1);
    }
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
  });

  it("is noticed by a subscription as well", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    void pushIt.channel("a").subscribe();
    await peer.frames.take();
    await pass(15);
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
    // It is subscribed by the next connection.
    const next = await bench.server.peers.take();
    expect(await next.frames.take()).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
  });

  it("is noticed by a silent client within the ping's interval", async () => {
    bench.server.automatic = false;
    const { states } = await bench.connected({ pingInterval: MINUTE });
    await pass(60 + 10);
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
  });

  it("is noticed 9 minutes and 10 seconds later with the defaults", async () => {
    bench.server.automatic = false;
    const { states } = await bench.connected();
    await pass(9 * 60 + 10);
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
  });

  it("can be noticed sooner, or not at all after sending", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected({ suspectAfter: 1_000, pingTimeout: 2_000 });
    pushIt.send({ channel: "a", data: 1 });
    await peer.frames.take();
    await pass(3);
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
    const other = await bench.connected({ suspectAfter: Infinity });
    other.pushIt.send({ channel: "a", data: 1 });
    await pass(60);
    expect(other.states.all.map(({ code }) => code)).toEqual(["connect", "connected"]);
  });
});

describe("a slow server", () => {
  it("is alive as long as any frame arrives", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const published = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    for (let round = 0; round < 6; round++) {
      await pass(3);
      // Other frames arrive, but not the reply.
      await arrived(pushIt, peer);
    }
    peer.answer(frame);
    await published;
    expect(states.all.map(({ code }) => code)).toEqual(["connect", "connected"]);
  });

  it("is alive if it replies to the ping", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    const published = pushIt.channel("a").publish(1);
    const frame = await peer.frames.take();
    await pass(4);
    const ping = await peer.frames.take();
    expect(ping.action).toBe("ping");
    await pass(9);
    peer.answer(ping);
    await arrived(pushIt, peer);
    await pass(10);
    peer.answer(frame);
    await published;
    expect(states.all.map(({ code }) => code)).toEqual(["connect", "connected"]);
  });
});

describe("a browser that reports offline", () => {
  it("is believed at once, and the socket is kept", async () => {
    bench.server.automatic = false;
    const { pushIt, states, peer } = await bench.connected();
    bench.platform.dispatch("offline");
    expect(pushIt.state).toBe("connecting");
    expect(await states.find(({ code }) => code === "offline")).toMatchObject({
      state: "connecting",
      previous: "connected",
    });
    peer.answer(await peer.frames.find(({ action }) => action === "ping"));
    await states.find(({ code }) => code === "verified");
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("correctly leads to another connection within 10 seconds", async () => {
    bench.server.automatic = false;
    const { states } = await bench.connected();
    bench.platform.dispatch("offline");
    await pass(11);
    expect(states.all.map(({ code }) => code)).toContain("unresponsive");
    await bench.server.peers.take();
  });

  it("and online a minute later sends the publications once", async () => {
    bench.server.automatic = false;
    const { pushIt, states } = await bench.connected();
    bench.server.refuse = 503;
    bench.platform.dispatch("offline");
    const published = pushIt.channel("a").publish("later");
    await pass(20);
    expect(pushIt.state).toBe("connecting");
    bench.server.refuse = undefined;
    bench.platform.dispatch("online");
    await states.find(({ state, previous }) => state === "connected" && previous === "connecting");
    const next = await bench.server.peers.take();
    const frame = await next.frames.take();
    expect(frame).toMatchObject({ action: "publish", data: "later" });
    next.answer(frame);
    await expect(published).resolves.toMatchObject({ uuid: frame.uuid });
  });
});

describe("a channel with history on a dead network", () => {
  it("gets the same message again on the next connection", async () => {
    const { pushIt, peer } = await subscribed(bench, { ...QUIET, suspectAfter: 4_000 });
    const published = pushIt.channel("a").publish(1);
    const { uuid } = await peer.frames.take();
    await pass(15);
    const next = await bench.server.peers.take();
    const again = await next.frames.find(({ action }) => action === "publish");
    expect(again).toMatchObject({ uuid, data: 1 });
    next.send({ channel: "/meta/successful", uuid, successful: true, position: at(11) });
    await expect(published).resolves.toEqual({ uuid });
  });
});
