import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import { arrived, at, hearing, numbered, reconnected, replay, replayed, subscribed, targets } from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

/** Where what was "settled" is left out of what was heard. */
const numbers = (heard: unknown[]): unknown[] => heard.filter((data) => typeof data === "number");

describe("a channel with history", () => {
  it("tells messages in the order of their offsets, each once", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    peer.send(numbered(11), numbered(13), numbered(12), numbered(12), numbered(11), numbered(14));
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([11, 12, 13, 14]);
    expect(pushIt.channel("a").position).toEqual(at(14));
    // Nothing was missing for long: nothing is asked.
    bench.platform.advance(5_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("passes over what it is told that it does not get", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    peer.send(numbered(13), { channel: "a", epoch: "e1", offset: 11 }, { channel: "a", epoch: "e1", offset: 12 });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([13]);
  });

  it("asks for what is missing, after a moment, once", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(299);
    await settled();
    expect([numbers(heard), peer.frames.waiting]).toEqual([[], 0]);
    bench.platform.advance(1);
    const frame = await peer.frames.take();
    expect(frame).toEqual({ action: "history", channel: "/meta/history", uuid: frame.uuid, data: { channel: "a", since: at(10) } });
    peer.send(numbered(15));
    replay(peer, frame, { position: at(13), messages: replayed(11, 12, 13), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([11, 12, 13]);
    peer.send(numbered(14));
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([11, 12, 13, 14, 15]);
  });

  it("waits for a pending gap, asking now and then, until the server has sealed it", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    peer.send(numbered(12));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(10), recovered: true });
    await arrived(pushIt, peer);
    bench.platform.advance(999);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    bench.platform.advance(1_001);
    replay(peer, await peer.frames.take(), { position: at(12), messages: replayed(12), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([12]);
  });

  it("takes a history page by page", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    peer.send(numbered(16));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(12), messages: replayed(11, 12), recovered: true, more: true });
    await arrived(pushIt, peer);
    bench.platform.advance(0);
    const next = await peer.frames.take();
    expect(next.data).toEqual({ channel: "a", since: at(12) });
    replay(peer, next, { position: at(15), messages: replayed(13, 15), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([11, 12, 13, 15, 16]);
  });

  it("asks again after a failure that may pass, and goes on behind the gap where it is refused", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    const missed = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", missed.put);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/history", uuid, successful: false, code: "unavailable", error: "Busy.", data: { channel: "a" } });
    await arrived(pushIt, peer);
    bench.platform.advance(15_000);
    const again = await peer.frames.take();
    peer.send({ channel: "/meta/history", uuid: again.uuid, successful: false, code: "denied", error: "No.", data: { channel: "a" } });
    expect(await missed.take()).toEqual({ channel: "a", recovered: false, code: "denied" });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([13]);
  });

  it("holds only so much, and asks for the rest", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    for (let offset = 12; offset < 12 + 501; offset++) peer.send(numbered(offset));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(11), messages: replayed(11), recovered: true });
    await arrived(pushIt, peer);
    // What was held is gone.
    expect(numbers(heard)).toEqual([11]);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const question = await peer.frames.take();
    // What is dropped while the question is under way may not be in its answer.
    for (let offset = 14; offset < 14 + 501; offset++) peer.send(numbered(offset));
    replay(peer, question, { position: at(13), messages: replayed(12, 13), recovered: true });
    await arrived(pushIt, peer);
    bench.platform.advance(2_000);
    expect((await peer.frames.take()).data).toEqual({ channel: "a", since: at(13) });
  });

  it("asks where messages of another history come, and tells that something is missed", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    const missed = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", missed.put);
    peer.send(numbered(3, "e2"));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(3, "e2"), recovered: false, code: "epoch_changed" });
    expect(await missed.take()).toEqual({ channel: "a", recovered: false, code: "epoch_changed" });
    peer.send(numbered(4, "e2"), numbered(11));
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([4]);
    expect(pushIt.channel("a").position).toEqual(at(4, "e2"));
  });

  it("holds what comes before the subscription's answer", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"] });
    const heard = hearing(pushIt);
    const frame = await peer.frames.take();
    peer.send(numbered(8), numbered(7), numbered(6));
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([]);
    replay(peer, frame, { position: at(6) });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([7, 8]);
  });
});

describe("after a loss", () => {
  it("subscribes from where it is, and takes what was published meanwhile", async () => {
    const { pushIt, peer, heard, frame } = await subscribed(bench);
    expect(targets(frame)).toEqual([{ channel: "a" }]);
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    peer.send(numbered(11));
    await arrived(pushIt, peer);
    const next = await reconnected(bench, peer);
    const again = await next.frames.take();
    expect(targets(again)).toEqual([{ channel: "a", since: at(11) }]);
    next.send(numbered(14));
    replay(next, again, { position: at(13), recovered: true, messages: replayed(12, 13), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, next);
    expect(numbers(heard)).toEqual([11, 12, 13, 14]);
    expect(await events.take()).toEqual({ channel: "a", recovered: true });
  });

  it("says so where it cannot have what was published meanwhile", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    const next = await reconnected(bench, peer);
    replay(next, await next.frames.take(), { position: at(900), recovered: false, code: "too_far_behind" });
    expect(await events.take()).toEqual({ channel: "a", recovered: false, code: "too_far_behind" });
    next.send(numbered(901));
    await arrived(pushIt, next);
    expect(numbers(heard)).toEqual([901]);
    expect(events.waiting).toBe(0);
  });
});

describe("a stored position", () => {
  it("is where subscribing begins, as an option of the client or of the channel", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], since: { a: at(7) } });
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a", since: at(7) }]);
    // A message is a position.
    pushIt.channel("b").subscribe({ since: numbered(5) }).catch(() => undefined);
    expect(targets(await peer.frames.take())).toEqual([{ channel: "b", since: at(5) }]);
    pushIt.subscribe("c", undefined, undefined, { since: at(3) });
    expect(targets(await peer.frames.take())).toEqual([{ channel: "c", since: at(3) }]);
  });

  it("ends where the application unsubscribes, and gives way to what the client knows", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const channel = pushIt.channel("a");
    void channel.subscribe({ since: at(2) });
    expect(channel.position).toEqual(at(10));
    const gone = channel.unsubscribe();
    peer.answer(await peer.frames.take());
    await gone;
    await settled();
    expect(channel.position).toBeUndefined();
    channel.subscribe().catch(() => undefined);
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a" }]);
  });
});

describe("what comes through a wildcard alone", () => {
  it("is told as it comes, each once, and asks nothing", async () => {
    const { pushIt, peer } = await bench.connected({ channels: ["b/*"] });
    const heard = hearing(pushIt);
    peer.send(numbered(5, "e1", "b/1"), numbered(9, "e1", "b/1"), numbered(7, "e1", "b/1"), numbered(9, "e1", "b/1"));
    peer.send({ channel: "b/1", epoch: "e1", offset: 10 });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([5, 9, 7]);
  });
});

describe("tail loss", () => {
  it("is noticed: pings carry positions, and what is behind is asked for", async () => {
    const { pushIt, peer, heard } = await subscribed(bench);
    bench.platform.advance(30_000);
    const ping = await peer.frames.take();
    expect(ping).toMatchObject({ action: "ping", data: { positions: { a: at(10) } } });
    peer.send({ channel: "/meta/ping", uuid: ping.uuid, successful: true, data: { laggingChannels: ["a", "never heard of"] } });
    await arrived(pushIt, peer);
    bench.platform.advance(0);
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channel: "a", since: at(10) });
    replay(peer, frame, { position: at(11), messages: replayed(11), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(heard)).toEqual([11]);
  });

  it("is looked for as often as the application says, while there are channels with history", async () => {
    const { pushIt, peer } = await subscribed(bench, { checkInterval: 5_000 });
    bench.platform.advance(10_000);
    const ping = await peer.frames.take();
    expect(ping.action).toBe("ping");
    peer.answer(ping);
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });
});

describe("channel.history()", () => {
  it("gives a part of the history, and moves nothing", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const part = pushIt.channel("a").history({ since: at(5), limit: 2, reverse: true });
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channel: "a", since: at(5), limit: 2, reverse: true });
    replay(peer, frame, { position: at(3), messages: replayed(4, 3), more: true, recovered: true });
    expect(await part).toEqual({ channel: "a", position: at(3), messages: replayed(4, 3), more: true, recovered: true });
    expect(pushIt.channel("a").position).toEqual(at(10));
  });

  it("may be empty, may fail, and several at once are frames of their own", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const parts = ["a", "b"].map((name) => pushIt.channel(name).history());
    const refused = expect(parts[1]).rejects.toMatchObject({ code: "no_history", channel: "b" });
    replay(peer, await peer.frames.take(), { position: at(0) });
    const { uuid } = await peer.frames.take();
    peer.send({ channel: "/meta/history", uuid, successful: false, code: "no_history", error: "None.", data: { channel: "b" } });
    expect(await parts[0]).toEqual({ channel: "a", messages: [], position: at(0) });
    await refused;
  });
});
