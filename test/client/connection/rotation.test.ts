import type { Events, PushItError } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, collectMessages, numbered, replay, replayed, subscribed, targets } from "../support/recorded.js";
import type { ClientFrame, Peer } from "../support/scripted-server.js";
import { Bench, introduced, settled } from "../support/setup.js";

const bench = Bench.use();
const HOUR = 3_600_000;

/** Options without pings of the heartbeat. */
const QUIET = { checkInterval: 1e12, pingInterval: 1e12, suspectAfter: 1e12 };
const DRAIN = 30_000;
/** The random number is 0.5: so the rotation starts at 97 % of the life, less the drain time. */
const BEGIN = 0.97 * 2 * HOUR - DRAIN;
const numbers = (received: unknown[]): number[] => received.filter((data) => typeof data === "number");

/** A client whose next connection has just opened, in addition to the one in use. */
const rotating = async (options = {}) => {
  const client = await subscribed(bench, { ...QUIET, ...options });
  bench.platform.advance(BEGIN);
  const next = await bench.server.peers.take();
  await next.introduction;
  return { ...client, next };
};

/** Lets the client notice that all subscriptions have moved, and the drain time pass. */
const drained = async (peer: Peer): Promise<number> => {
  bench.platform.advance(1_000);
  bench.platform.advance(DRAIN);
  return peer.closed;
};

describe("a rotation", () => {
  it("starts before the connection's two hours are over", async () => {
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
  ])("starts at a random time: with %d at %d of the life", async (random, share) => {
    bench.platform.random = random;
    await subscribed(bench, QUIET);
    bench.platform.advance(share * 2 * HOUR - DRAIN - 10);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
    bench.platform.advance(10);
    await bench.server.peers.take();
  });

  it("moves subscriptions with their positions", async () => {
    const { next } = await rotating();
    expect(targets(await next.frames.find(({ action }) => action === "subscribe"))).toEqual([
      { channel: "a", since: at(10) },
    ]);
  });

  it("delivers each message once while both connections receive", async () => {
    const { pushIt, peer, next, received } = await rotating();
    const frame = await next.frames.find(({ action }) => action === "subscribe");
    peer.send(numbered(11), { channel: "plain", uuid: "p1", data: 1 });
    next.send({ channel: "plain", uuid: "p1", data: 1 }, { channel: "plain", uuid: "p2", data: 2 }, numbered(12));
    peer.send(numbered(12), { channel: "plain", uuid: "p2", data: 2 });
    await arrived(pushIt, peer);
    replay(next, frame, { position: at(12), recovered: true, messages: replayed(11, 12) });
    await arrived(pushIt, next);
    expect(numbers(received).filter((n) => n > 9)).toEqual([11, 12]);
    expect(numbers(received).filter((n) => n < 9)).toEqual([1, 2]);
    expect(peer.socket.readyState).toBe(1);
    await drained(peer);
    next.send(numbered(13));
    await arrived(pushIt, next);
    expect(numbers(received)).toContain(13);
  });

  it("does not change the state or emit subscribed", async () => {
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

  it("lets requests in flight end on the old connection", async () => {
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
      fail(next, await next.frames.find(({ action }) => action === "subscribe"));
      await arrived(pushIt, next);
      return client;
    };

    const fail = (next: Peer, { uuid }: ClientFrame): void =>
      next.send({
        channel: "/meta/subscribe",
        uuid,
        successful: false,
        code: "guard_timeout",
        error: "Slow.",
        data: { channel: "a" },
      });

    /** Lets time pass second by second, so that frames are sent in between. */
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

    it("subscribes again if unsubscribing is denied", async () => {
      const { pushIt, peer, next } = await failing();
      await pass(61);
      await peer.closed;
      await settled();
      while (next.frames.waiting) fail(next, await next.frames.take());
      await arrived(pushIt, next);
      const refused = new Promise<PushItError>((resolve) => pushIt.unsubscribe("a", resolve));
      const { uuid } = await next.frames.find(({ action }) => action === "unsubscribe");
      next.send({ channel: "/meta/unsubscribe", uuid, successful: false, code: "denied", error: "Stay." });
      expect(await refused).toMatchObject({ code: "denied" });
      replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10) });
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

  it("leaves no socket open when the application disconnects meanwhile", async () => {
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

  it("becomes a reconnection when the old connection breaks first", async () => {
    const { pushIt, peer, states } = await subscribed(bench, QUIET);
    bench.platform.advance(BEGIN - 1);
    peer.socket.terminate();
    await states.find(({ code }) => code === "closed");
    bench.platform.advance(1_000);
    await bench.server.peers.take();
    expect(collectMessages(pushIt)).toEqual([]);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
  });

  it("waits while the connection in use is being checked", async () => {
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
