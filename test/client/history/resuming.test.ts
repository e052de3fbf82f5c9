import type { Events } from "push-it-client";
import { Mailbox } from "../support/mailbox.js";
import {
  arrived,
  at,
  collectMessages,
  numbered,
  numbers,
  QUIET,
  reconnected,
  replay,
  replayed,
  subscribed,
  targets,
} from "../support/recorded.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();

describe("after a loss", () => {
  it("subscribes from its position, and receives the missed messages", async () => {
    const { pushIt, peer, received, frame } = await subscribed(bench);
    expect(targets(frame)).toEqual([{ channel: "a" }]);
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    peer.send(numbered(11));
    await arrived(pushIt, peer);
    const next = await reconnected(bench, pushIt, peer);
    const again = await next.frames.take();
    expect(targets(again)).toEqual([{ channel: "a", since: at(11) }]);
    next.send(numbered(14));
    replay(next, again, {
      position: at(13),
      recovered: true,
      messages: replayed(12, 13),
      historyCheckIntervalMs: 30_000,
    });
    await arrived(pushIt, next);
    expect(numbers(received)).toEqual([11, 12, 13, 14]);
    expect(await events.take()).toEqual({ channel: "a", recovered: true });
  });

  it("reports that missed messages are lost", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    const events = new Mailbox<Events["subscribed"]>();
    pushIt.on("subscribed", events.put);
    const next = await reconnected(bench, pushIt, peer);
    replay(next, await next.frames.take(), { position: at(900), recovered: false, code: "too_far_behind" });
    expect(await events.take()).toEqual({ channel: "a", recovered: false, code: "too_far_behind" });
    next.send(numbered(901));
    await arrived(pushIt, next);
    expect(numbers(received)).toEqual([901]);
    expect(events.waiting).toBe(0);
  });

  it("sends its position at sending, not at queueing", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    bench.platform.dispatch("offline");
    const ping = await peer.frames.take();
    // Messages still arrive by the connection that is in doubt.
    peer.send(numbered(11), numbered(12));
    await arrived(pushIt, peer);
    bench.platform.advance(10_000);
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    expect(ping.action).toBe("ping");
    expect(targets(await next.frames.take())).toEqual([{ channel: "a", since: at(12) }]);
  });
});

describe("own messages without echo", () => {
  it("are not delivered by a recovery either", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    const uuid = pushIt.publish({ channel: "a", data: 11, echo: false });
    await peer.frames.take();
    peer.send({ channel: "/meta/successful", uuid, successful: true, position: at(11) });
    await arrived(pushIt, peer);
    const next = await reconnected(bench, pushIt, peer);
    const frame = await next.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(10) }]);
    replay(next, frame, {
      position: at(12),
      recovered: true,
      messages: [{ uuid, data: 11, offset: 11 }, ...replayed(12)],
    });
    await arrived(pushIt, next);
    expect(numbers(received)).toEqual([12]);
    expect(pushIt.channel("a").position).toEqual(at(12));
  });
});

describe("a stored position", () => {
  it("is the start of a subscription, by an option or a call", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], since: { a: at(7) } });
    pushIt.on("error", () => {});
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a", since: at(7) }]);
    // A message is a position.
    void pushIt.channel("b").subscribe({ since: numbered(5) });
    expect(targets(await peer.frames.take())).toEqual([{ channel: "b", since: at(5) }]);
    pushIt.subscribe("c", undefined, undefined, { since: at(3) });
    expect(targets(await peer.frames.take())).toEqual([{ channel: "c", since: at(3) }]);
  });

  it("does not replace the client's own position", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const channel = pushIt.channel("a");
    void channel.subscribe({ since: at(2) });
    await arrived(pushIt, peer);
    expect([channel.position, peer.frames.waiting]).toEqual([at(10), 0]);
  });

  it("ends when the application unsubscribes", async () => {
    const { pushIt, peer } = await subscribed(bench);
    const channel = pushIt.channel("a");
    // It has not subscribed itself: it ends what the option `channels` began.
    const gone = channel.unsubscribe();
    peer.answer(await peer.frames.take());
    await gone;
    expect(channel.position).toBeUndefined();
    void channel.subscribe();
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a" }]);
  });

  it.each([
    [{ epoch: "e1", offset: "12" }],
    [{ epoch: "e1" }],
    [{ offset: 3 }],
    ["text"],
    [7],
    [null],
    [{ epoch: "e1", offset: -1 }],
    [{ epoch: "e1", offset: 1.5 }],
  ])("that is invalid is reported and not sent: %j", async (since) => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const events: unknown[] = [];
    pushIt.on("subscribed", (event) => events.push(event));
    const done = pushIt.channel("a").subscribe({ since: since as never });
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a" }]);
    replay(peer, frame, { position: at(10) });
    await done;
    await arrived(pushIt, peer);
    expect(events).toContainEqual({ channel: "a", recovered: false, code: "bad_position" });
  });

  it("that is invalid can be replaced by a valid one", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const events: unknown[] = [];
    pushIt.on("subscribed", (event) => events.push(event));
    pushIt
      .channel("a")
      .subscribe({ since: { epoch: "e1", offset: "12" } as never })
      .catch(() => {});
    void pushIt.channel("a").subscribe({ since: at(5) });
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(5) }]);
    replay(peer, frame, { position: at(5), recovered: true });
    await arrived(pushIt, peer);
    expect(events).toEqual([{ channel: "a", recovered: true }]);
  });

  it("that is invalid does not affect the frame's other channels", async () => {
    bench.server.automatic = false;
    const { peer } = await bench.connected({
      channels: ["a", "b"],
      since: { a: "broken" as never, b: at(4) },
      ...QUIET,
    });
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a" }, { channel: "b", since: at(4) }]);
  });
});

describe("a reply that does not start at the client's position", () => {
  it("leads to a request if `since` came meanwhile", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
    const received = collectMessages(pushIt);
    const frame = await peer.frames.take();
    void pushIt.channel("a").subscribe({ since: at(3) });
    replay(peer, frame, { position: at(5), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    bench.platform.advance(2_000);
    const question = await peer.frames.take();
    expect(question).toMatchObject({ action: "history", data: { channel: "a", since: at(3) } });
    replay(peer, question, { position: at(5), messages: replayed(4, 5), recovered: true });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([4, 5]);
  });

  it("leads to a request if another channel's guard subscribes it", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["b"], ...QUIET });
    const received = collectMessages(pushIt);
    const guarded = (uuid: string, offset: number) => [
      { channel: "/meta/subscribe", uuid, successful: true, data: { channel: "b" } },
      {
        channel: "/meta/subscribe",
        uuid,
        successful: true,
        data: { channel: "a", position: at(offset), historyCheckIntervalMs: 30_000 },
      },
    ];
    peer.send(...guarded((await peer.frames.take()).uuid, 10), numbered(11));
    await arrived(pushIt, peer);
    const next = await reconnected(bench, pushIt, peer);
    next.send(...guarded((await next.frames.take()).uuid, 13));
    await arrived(pushIt, next);
    bench.platform.advance(2_000);
    const question = await next.frames.take();
    expect(question.data).toEqual({ channel: "a", since: at(11) });
    replay(next, question, { position: at(13), messages: replayed(12, 13), recovered: true });
    await arrived(pushIt, next);
    expect(numbers(received)).toEqual([11, 12, 13]);
  });

  it("leads to a request if the next offset is pending", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], since: { a: at(10) }, ...QUIET });
    replay(peer, await peer.frames.take(), {
      position: at(10),
      recovered: true,
      pendingMs: 4_500,
      historyCheckIntervalMs: 30_000,
    });
    await arrived(pushIt, peer);
    bench.platform.advance(4_499);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
    bench.platform.advance(2_001);
    expect((await peer.frames.take()).data).toEqual({ channel: "a", since: at(10) });
  });
});

describe("a client that unsubscribes and subscribes", () => {
  it("continues from its position if it subscribes again meanwhile", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    pushIt.unsubscribe("a");
    const gone = await peer.frames.take();
    pushIt.subscribe("a");
    peer.answer(gone);
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(10) }]);
    peer.send(numbered(14));
    replay(peer, frame, {
      position: at(13),
      recovered: true,
      messages: replayed(11, 12, 13),
      historyCheckIntervalMs: 30_000,
    });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13, 14]);
  });

  it("starts again after the server has confirmed the unsubscription", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    pushIt.unsubscribe("a");
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    pushIt.subscribe("a");
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a" }]);
    peer.send(numbered(14));
    replay(peer, frame, { position: at(13), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([14]);
  });

  it("starts at the position that it passes", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const channel = pushIt.channel("a");
    channel
      .unsubscribe()
      .then(() => channel.subscribe({ since: at(3) }))
      .catch(() => undefined);
    peer.answer(await peer.frames.take());
    expect(targets(await peer.frames.take())).toEqual([{ channel: "a", since: at(3) }]);
  });
});
