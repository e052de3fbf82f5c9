import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, hearing, numbered, replay, replayed, subscribed, targets } from "../support/recorded.js";
import type { Peer } from "../support/scripted-server.js";
import { Bench, introduced, settled } from "../support/setup.js";

const bench = Bench.use();
const HOUR = 3_600_000;

/** No pings of the heartbeat, which nobody would answer. */
const QUIET = { checkInterval: 1e12, pingInterval: 1e12, suspectAfter: 1e12 };
const DRAIN = 30_000;
/** Chance is 0.5: the rotation begins at 97 % of the life, less the time for which the old connection still receives. */
const BEGIN = 0.97 * 2 * HOUR - DRAIN;
const numbers = (heard: unknown[]): number[] => heard.filter((data) => typeof data === "number");

/** A client whose next connection has just opened beside the one in use. */
const rotating = async (options = {}) => {
  const client = await subscribed(bench, { ...QUIET, ...options });
  bench.platform.advance(BEGIN);
  const next = await bench.server.peers.take();
  await next.introduction;
  return { ...client, next };
};

/** Lets the client see that everything has moved, and the old connection receive for as long as it does. */
const drained = async (peer: Peer): Promise<number> => {
  bench.platform.advance(1_000);
  bench.platform.advance(DRAIN);
  return peer.closed;
};

describe("a rotation", () => {
  it("begins before the connection's two hours are over", async () => {
    const { peer } = await subscribed(bench, QUIET);
    bench.platform.advance(BEGIN - 1);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
    bench.platform.advance(1);
    await bench.server.peers.take();
    expect(peer.socket.readyState).toBe(1);
  });

  it.each([
    [0, 0.99],
    [1, 0.95],
  ])("begins at random: with chance %d at %d of the life", async (random, share) => {
    bench.platform.random = random;
    await subscribed(bench, QUIET);
    bench.platform.advance(share * 2 * HOUR - DRAIN - 10);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
    bench.platform.advance(10);
    await bench.server.peers.take();
  });

  it("moves subscriptions from where they are", async () => {
    const { next } = await rotating();
    expect(targets(await next.frames.find(({ action }) => action === "subscribe"))).toEqual([
      { channel: "a", since: at(10) },
    ]);
  });

  it("loses and doubles nothing while both connections deliver", async () => {
    const { pushIt, peer, next, heard } = await rotating();
    const frame = await next.frames.find(({ action }) => action === "subscribe");
    peer.send(numbered(11), { channel: "plain", uuid: "p1", data: 1 });
    next.send({ channel: "plain", uuid: "p1", data: 1 }, { channel: "plain", uuid: "p2", data: 2 }, numbered(12));
    peer.send(numbered(12), { channel: "plain", uuid: "p2", data: 2 });
    await arrived(pushIt, peer);
    replay(next, frame, { position: at(12), recovered: true, messages: replayed(11, 12) });
    await arrived(pushIt, next);
    expect(numbers(heard).filter((n) => n > 9)).toEqual([11, 12]);
    expect(numbers(heard).filter((n) => n < 9)).toEqual([1, 2]);
    expect(peer.socket.readyState).toBe(1);
    await drained(peer);
    next.send(numbered(13));
    await arrived(pushIt, next);
    expect(numbers(heard)).toContain(13);
  });

  it("changes no state and emits no subscribed event", async () => {
    const { pushIt, peer, next, states } = await rotating();
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    await drained(peer);
    await settled();
    expect(pushIt.state).toBe("connected");
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
    expect(events.all).toEqual([]);
  });

  it("follows on every connection", async () => {
    const { pushIt, peer, next } = await rotating();
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    await drained(peer);
    bench.platform.advance(BEGIN);
    await bench.server.peers.take();
  });

  it("lets what is in flight on the old connection end there", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    bench.platform.advance(BEGIN - 10);
    const outcome = pushIt.channel("plain").publish(1);
    const { uuid } = await peer.frames.take();
    bench.platform.advance(10);
    const next = await bench.server.peers.take();
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    await introduced(pushIt);
    // The next publication waits for the one before it.
    pushIt.publish({ channel: "plain", data: 2 });
    bench.platform.advance(20_000);
    await arrived(pushIt, next);
    expect([peer.socket.readyState, next.frames.waiting]).toEqual([1, 0]);
    peer.send({ channel: "/meta/successful", uuid, successful: true });
    expect(await outcome).toEqual({ uuid });
    const frame = await next.frames.take();
    expect(frame).toMatchObject({ action: "publish", data: 2 });
    next.answer(frame);
    await arrived(pushIt, next);
    await drained(peer);
  });

  describe("whose subscriptions fail for now", () => {
    const failing = async () => {
      const client = await rotating();
      const { pushIt, next } = client;
      pushIt.on("error", () => {});
      const frame = await next.frames.find(({ action }) => action === "subscribe");
      next.send({
        channel: "/meta/subscribe",
        uuid: frame.uuid,
        successful: false,
        code: "guard_timeout",
        error: "Slow.",
        data: { channel: "a" },
      });
      await arrived(pushIt, next);
      return client;
    };

    /** Lets time pass as it does: what is sent meanwhile is sent. */
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        bench.platform.advance(1_000);
        await settled();
      }
    };

    it("keeps the old connection as long as a request may take", async () => {
      const { peer } = await failing();
      await pass(30 + 29);
      expect(peer.socket.readyState).toBe(1);
      await pass(2);
      await peer.closed;
    });

    it("ends sooner when they succeed", async () => {
      const { pushIt, peer, next } = await failing();
      await pass(15);
      replay(next, await next.frames.find(({ action }) => action === "subscribe"), {
        position: at(10),
        recovered: true,
      });
      await arrived(pushIt, next);
      await pass(1 + 29);
      expect(peer.socket.readyState).toBe(1);
      await pass(1);
      await peer.closed;
    });

    it("reports that messages were missed in between", async () => {
      const { pushIt, peer, next } = await failing();
      const events = new Mailbox<Events["subscribed"]>();
      pushIt.on("subscribed", events.put);
      await pass(61);
      await peer.closed;
      await settled();
      expect(events.all).toEqual([]);
      let frame = await next.frames.take();
      while (next.frames.waiting) frame = await next.frames.take();
      replay(next, frame, { position: at(10), recovered: true });
      expect(await events.take()).toEqual({ channel: "a", recovered: true });
    });
  });

  it.each(["is denied", "fails"])("keeps the old connection when the new one %s", async (how) => {
    const { pushIt, peer, states } = await subscribed(bench, QUIET);
    if (how === "fails") bench.server.refuse = 429;
    else bench.server.select = "push-it.v1.denied";
    const refused = bench.server.refused;
    bench.platform.advance(BEGIN);
    if (how === "fails") while (bench.server.refused === refused) await settled();
    else await (await bench.server.peers.take()).closed;
    expect(pushIt.state).toBe("connected");
    bench.server.refuse = undefined;
    bench.server.select = "push-it.v1";
    // It tries again within half of a hundredth of its life.
    bench.platform.advance(HOUR / 100);
    const next = await bench.server.peers.take();
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    await introduced(pushIt);
    await drained(peer);
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it("asks for credentials again", async () => {
    let count = 0;
    await bench.connected({ ...QUIET, credentials: () => (count += 1) });
    bench.platform.advance(BEGIN);
    const next = await bench.server.peers.take();
    expect(count).toBe(2);
    expect(next.protocols[3]).toBe("push-it.credentials." + Buffer.from("2").toString("base64url"));
  });

  it("leaves nothing open when the application disconnects meanwhile", async () => {
    const { pushIt, peer, next } = await rotating();
    pushIt.disconnect();
    await Promise.all([peer.closed, next.closed]);
    await settled();
    bench.platform.advance(4 * HOUR);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
  });

  it.each([
    ["while channels move", 0],
    ["while the old connection drains", 1_000],
  ])("leaves no timer when the application disconnects %s", async (_when, milliseconds) => {
    const { pushIt, peer, next } = await rotating();
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    await introduced(pushIt);
    bench.platform.advance(milliseconds);
    pushIt.disconnect();
    await Promise.all([peer.closed, next.closed]);
    expect(bench.platform.timers).toBe(0);
  });

  it("gives way to a reconnection when the old connection breaks first", async () => {
    const { pushIt, peer, states } = await subscribed(bench, QUIET);
    bench.platform.advance(BEGIN - 1);
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    await bench.server.peers.take();
    expect(hearing(pushIt)).toEqual([]);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("waits while the connection in use is in doubt", async () => {
    const { states, peer } = await subscribed(bench, { ...QUIET, pingTimeout: HOUR });
    bench.platform.advance(BEGIN - 1);
    bench.platform.dispatch("offline");
    await states.find(({ code }) => code === "offline");
    bench.platform.advance(1);
    const next = await bench.server.peers.take();
    await next.closed;
    expect(peer.socket.readyState).toBe(1);
  });
});
