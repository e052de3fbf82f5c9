import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, hearing, numbered, replay, replayed, subscribed, targets } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const HOUR = 3_600_000;

/** No pings of the heartbeat, which nobody would answer; chance is 0.5: the hand-over begins at 97 % of the life. */
const QUIET = { checkInterval: 1e12, pingInterval: 1e12 };
const BEGIN = 0.97 * 2 * HOUR;
const numbers = (heard: unknown[]): number[] => heard.filter((data) => typeof data === "number");

/** A client whose next connection has just opened beside the one in use. */
const handingOver = async (options = {}) => {
  const client = await subscribed(bench, { ...QUIET, ...options });
  bench.platform.advance(BEGIN);
  const next = await bench.server.peers.take();
  return { ...client, next, ping: await next.frames.find(({ action }) => action === "ping") };
};

/** Lets the client see that the server has answered, and close the old connection. */
const released = async (peer: { closed: Promise<number> }): Promise<number> => {
  bench.platform.advance(1_000);
  return peer.closed;
};

describe("the hand-over", () => {
  it("moves the subscriptions before the old connection is closed; nothing is lost, doubled or told as a change", async () => {
    const { pushIt, peer, next, ping, heard, states } = await handingOver();
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    const frame = await next.frames.find(({ action }) => action === "subscribe");
    expect(targets(frame)).toEqual([{ channel: "a", since: at(10) }]);
    // Both connections deliver.
    peer.send(numbered(11), { channel: "plain", uuid: "p1", data: 1 });
    next.send({ channel: "plain", uuid: "p1", data: 1 }, { channel: "plain", uuid: "p2", data: 2 }, numbered(12));
    peer.send(numbered(12), { channel: "plain", uuid: "p2", data: 2 });
    await arrived(pushIt, peer);
    replay(next, frame, { position: at(12), recovered: true, messages: replayed(11, 12) });
    await arrived(pushIt, next);
    expect(numbers(heard).filter((n) => n > 9)).toEqual([11, 12]);
    expect(numbers(heard).filter((n) => n < 9)).toEqual([1, 2]);
    expect(peer.socket.readyState).toBe(1);
    next.answer(ping);
    await released(peer);
    expect(pushIt.state).toBe("connected");
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
    expect(events.all).toEqual([]);
    next.send(numbered(13));
    await arrived(pushIt, next);
    expect(numbers(heard)).toContain(13);
    // And so on, on the next connection.
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
    next.answer(await next.frames.find(({ action }) => action === "ping"));
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    await arrived(pushIt, next);
    expect(peer.socket.readyState).toBe(1);
    // The next publication waits for the one before it.
    pushIt.publish({ channel: "plain", data: 2 });
    await settled();
    peer.send({ channel: "/meta/successful", uuid, successful: true });
    expect(await outcome).toEqual({ uuid });
    expect(await next.frames.take()).toMatchObject({ action: "publish", data: 2 });
    bench.platform.advance(1_000);
    next.answer(await next.frames.take());
    await peer.closed;
  });

  it("waits for subscriptions no longer than a request may take; who has none left then misses messages, and is told", async () => {
    const { pushIt, peer, next, ping } = await handingOver();
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    const frame = await next.frames.find(({ action }) => action === "subscribe");
    next.send({ channel: "/meta/subscribe", uuid: frame.uuid, successful: false, code: "guard_timeout", error: "Slow.", data: { channel: "a" } });
    next.answer(ping);
    await arrived(pushIt, next);
    bench.platform.advance(30_000);
    next.answer(await next.frames.find(({ action }) => action === "ping"));
    await peer.closed;
    await settled();
    const again = await next.frames.find(({ action }) => action === "subscribe");
    replay(next, again, { position: at(10), recovered: true });
    expect(await events.take()).toEqual({ channel: "a", recovered: true });
  });

  it.each(["is denied", "fails"])("keeps the old connection where the new one %s, and tries again", async (how) => {
    const { pushIt, peer, states } = await subscribed(bench, QUIET);
    if (how === "fails") bench.server.refuse = 429;
    else bench.server.select = "push-it.v1.denied";
    bench.platform.advance(BEGIN);
    if (how === "fails") await new Promise((resolve) => setTimeout(resolve, 100));
    else {
      await (await bench.server.peers.take()).closed;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(pushIt.state).toBe("connected");
    bench.server.refuse = undefined;
    bench.server.select = "push-it.v1";
    // Half of a hundredth of its life.
    bench.platform.advance(HOUR / 100);
    const next = await bench.server.peers.take();
    const ping = await next.frames.find(({ action }) => action === "ping");
    replay(next, await next.frames.find(({ action }) => action === "subscribe"), { position: at(10), recovered: true });
    next.answer(ping);
    await peer.closed;
    expect(states.all.map(({ state }) => state)).toEqual(["connecting", "connected"]);
  });

  it("asks for credentials again, and leaves nothing open when the application disconnects meanwhile", async () => {
    let count = 0;
    const { pushIt, peer } = await bench.connected({ ...QUIET, credentials: () => (count += 1) });
    // How long it is vouched for; the answer is here before what is sent next.
    await peer.frames.take();
    await arrived(pushIt, peer);
    bench.platform.advance(BEGIN);
    const next = await bench.server.peers.take();
    bench.server.automatic = false;
    await next.frames.take();
    expect(count).toBe(2);
    pushIt.disconnect();
    await Promise.all([peer.closed, next.closed]);
    await settled();
    expect(bench.platform.timers).toBe(0);
  });

  it("gives way to an ordinary reconnection where the old connection breaks first", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    bench.platform.advance(BEGIN - 1);
    peer.socket.terminate();
    await peer.closed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    bench.platform.advance(1_000);
    await bench.server.peers.take();
    expect(hearing(pushIt)).toEqual([]);
    await settled();
    expect(bench.server.peers.waiting).toBe(0);
  });
});
