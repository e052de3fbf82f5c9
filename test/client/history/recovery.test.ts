import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import {
  arrived,
  at,
  collectMessages,
  numbered,
  numbers,
  QUIET,
  replay,
  replayed,
  subscribed,
} from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

describe("a channel with history", () => {
  it("delivers messages in the order of their offsets, each once", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    peer.send(numbered(11), numbered(13), numbered(12), numbered(12), numbered(11), numbered(14));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13, 14]);
    expect(pushIt.channel("a").position).toEqual(at(14));
    // Nothing was missing for long: nothing is asked.
    bench.platform.advance(5_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("delivers an ephemeral message at once, and once, while others wait", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    const ephemeral = { channel: "a", uuid: "typing", data: 99 };
    peer.send(numbered(13), ephemeral, ephemeral);
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([99]);
    expect(pushIt.channel("a").position).toEqual(at(10));
  });

  it("skips withheld messages", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    peer.send(numbered(13), { channel: "a", epoch: "e1", offset: 11 }, { channel: "a", epoch: "e1", offset: 12 });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([13]);
  });

  it("requests missing messages after a moment, once", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(299);
    await settled();
    expect([numbers(received), peer.frames.waiting]).toEqual([[], 0]);
    bench.platform.advance(1);
    const frame = await peer.frames.take();
    expect(frame).toEqual({
      action: "history",
      channel: "/meta/history",
      uuid: frame.uuid,
      data: { channel: "a", since: at(10) },
    });
    peer.send(numbered(15));
    replay(peer, frame, { position: at(13), messages: replayed(11, 12, 13), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13]);
    peer.send(numbered(14));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13, 14, 15]);
  });

  it("requests a pending gap until the server has sealed it", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
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
    expect(numbers(received)).toEqual([12]);
  });

  it("reads a history page by page", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    peer.send(numbered(16));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), {
      position: at(12),
      messages: replayed(11, 12),
      recovered: true,
      more: true,
    });
    await arrived(pushIt, peer);
    bench.platform.advance(0);
    const next = await peer.frames.take();
    expect(next.data).toEqual({ channel: "a", since: at(12) });
    replay(peer, next, { position: at(15), messages: replayed(13, 15), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13, 15, 16]);
  });

  it("requests again after a retryable error", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    peer.send(numbered(12));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/history",
      uuid,
      successful: false,
      code: "unavailable",
      error: "Busy.",
      data: { channel: "a" },
    });
    await arrived(pushIt, peer);
    bench.platform.advance(15_000);
    replay(peer, await peer.frames.take(), { position: at(12), messages: replayed(11, 12), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12]);
  });

  it("continues after a gap that it may not read", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    const missed = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", missed.put);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/history",
      uuid,
      successful: false,
      code: "denied",
      error: "No.",
      data: { channel: "a" },
    });
    expect(await missed.take()).toEqual({ channel: "a", recovered: false, code: "denied" });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([13]);
    peer.send(numbered(14));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([13, 14]);
  });

  it("buffers 500 messages at most, and requests the rest", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    for (let offset = 12; offset < 12 + 501; offset++) peer.send(numbered(offset));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(11), messages: replayed(11), recovered: true });
    await arrived(pushIt, peer);
    // The buffered messages are gone.
    expect(numbers(received)).toEqual([11]);
    peer.send(numbered(13));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const question = await peer.frames.take();
    // Messages that are dropped while the request is in flight may not be in its reply.
    for (let offset = 14; offset < 14 + 501; offset++) peer.send(numbered(offset));
    replay(peer, question, { position: at(13), messages: replayed(12, 13), recovered: true });
    await arrived(pushIt, peer);
    bench.platform.advance(2_000);
    expect((await peer.frames.take()).data).toEqual({ channel: "a", since: at(13) });
  });

  it("requests when messages of another history arrive, and reports the gap", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    const missed = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", missed.put);
    peer.send(numbered(3, "e2"));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    replay(peer, await peer.frames.take(), { position: at(3, "e2"), recovered: false, code: "epoch_changed" });
    expect(await missed.take()).toEqual({ channel: "a", recovered: false, code: "epoch_changed" });
    peer.send(numbered(4, "e2"), numbered(11));
    await arrived(pushIt, peer);
    // The message that had arrived is delivered, too.
    expect(numbers(received)).toEqual([3, 4]);
    expect(pushIt.channel("a").position).toEqual(at(4, "e2"));
  });

  it("buffers messages that arrive before the subscription's reply", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"] });
    const received = collectMessages(pushIt);
    const frame = await peer.frames.take();
    peer.send(numbered(8), numbered(7), numbered(6));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([]);
    replay(peer, frame, { position: at(6) });
    await arrived(pushIt, peer);
    // The position covers 6: nothing promises it.
    expect(numbers(received)).toEqual([7, 8]);
  });

  it("delivers its latest value with a position to store", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
    const received: unknown[] = [];
    pushIt.on("message", ({ data, epoch, offset }) => offset && received.push({ data, epoch, offset }));
    replay(peer, await peer.frames.take(), { position: at(9), messages: replayed(7), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    peer.send(numbered(10));
    await arrived(pushIt, peer);
    expect(received).toEqual([7, 10].map((data) => ({ data, ...at(data) })));
    expect(pushIt.channel("a").position).toEqual(at(10));
  });
});

describe("a last message that was lost", () => {
  it("is noticed by a ping with positions, and is requested", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    bench.platform.advance(30_000);
    const ping = await peer.frames.take();
    expect(ping).toMatchObject({ action: "ping", data: { positions: { a: at(10) } } });
    peer.send({
      channel: "/meta/ping",
      uuid: ping.uuid,
      successful: true,
      data: { laggingChannels: ["a", "never received of"] },
    });
    await arrived(pushIt, peer);
    bench.platform.advance(0);
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channel: "a", since: at(10) });
    replay(peer, frame, { position: at(11), messages: replayed(11), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11]);
  });

  it("is searched for at the application's interval", async () => {
    const { pushIt, peer } = await subscribed(bench, { checkInterval: 5_000 });
    for (let n = 0; n < 3; n++) {
      bench.platform.advance(5_000);
      const ping = await peer.frames.take();
      expect(ping).toMatchObject({ action: "ping", data: { positions: { a: at(10) } } });
      peer.answer(ping);
      await arrived(pushIt, peer);
    }
  });

  it("is not searched for after unsubscribing", async () => {
    const { pushIt, peer } = await subscribed(bench, { checkInterval: 5_000 });
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    bench.platform.advance(5_000);
    // The ping that was planned already says nothing of it, and no other follows.
    const ping = await peer.frames.take();
    expect(ping.data).toBeUndefined();
    peer.answer(ping);
    await arrived(pushIt, peer);
    bench.platform.advance(400_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });
});

describe("channel.history()", () => {
  it("returns a part of the history, and does not move the position", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const part = pushIt.channel("a").history({ since: at(5), limit: 2, reverse: true });
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channel: "a", since: at(5), limit: 2, reverse: true });
    replay(peer, frame, { position: at(3), messages: replayed(4, 3), more: true, recovered: true });
    expect(await part).toEqual({
      channel: "a",
      position: at(3),
      messages: replayed(4, 3),
      more: true,
      recovered: true,
    });
    expect(pushIt.channel("a").position).toEqual(at(10));
  });

  it("may be empty or fail, and each is a frame", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const parts = ["a", "b"].map((name) => pushIt.channel(name).history());
    const refused = expect(parts[1]).rejects.toMatchObject({ code: "no_history", channel: "b" });
    replay(peer, await peer.frames.take(), { position: at(0) });
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/history",
      uuid,
      successful: false,
      code: "no_history",
      error: "None.",
      data: { channel: "b" },
    });
    expect(await parts[0]).toEqual({ channel: "a", messages: [], position: at(0) });
    await refused;
  });
});

describe("a deletion of the back end", () => {
  it("is an event of client and channel, and not a message", async () => {
    const { pushIt, peer } = await bench.connected();
    const received = collectMessages(pushIt);
    const deletions: unknown[] = [];
    pushIt.on("deleted", (deletion) => deletions.push(deletion));
    pushIt.channel("rooms/5").on("deleted", (deletion) => deletions.push(deletion));
    pushIt.channel("rooms/6").on("deleted", (deletion) => deletions.push(deletion));
    const deletion = { channel: "rooms/5", messages: [{ epoch: "e1", offset: 3, uuid: "m3" }] };
    peer.send({ channel: "/meta/history", uuid: "u1", data: deletion });
    await arrived(pushIt, peer);
    expect(deletions).toEqual([deletion, deletion]);
    // The message by which the test sees that all has arrived.
    expect(received).toEqual(["settled"]);
  });
});
