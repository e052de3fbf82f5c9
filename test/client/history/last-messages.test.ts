import {
  arrived,
  at,
  numbered,
  QUIET,
  reconnected,
  replay,
  replayed,
  subscribed,
  targets,
} from "../support/recorded.js";
import { connectedOnly, listen, page } from "../support/last.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();
const connected = () => connectedOnly(bench);

describe("subscribe({ last })", () => {
  it("sends last, and delivers the messages before it is fulfilled", async () => {
    const { pushIt, peer } = await connected();
    const [room, plain] = [pushIt.channel("a"), pushIt.channel("a")];
    const [received, others, all] = [listen(room), listen(plain), listen(pushIt)];
    const done = room.subscribe({ last: 3 });
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channels: [{ channel: "a", last: 3 }] });
    peer.send(numbered(11));
    replay(peer, frame, { position: at(10), messages: replayed(8, 9, 10), older: true });
    await done;
    expect(received).toEqual([8, 9, 10, 11]);
    expect([others, all, pushIt.channel("a").position]).toEqual([[11], [11], at(11)]);
    peer.send(numbered(12));
    await arrived(pushIt, peer);
    expect([received, others]).toEqual([
      [8, 9, 10, 11, 12],
      [11, 12],
    ]);
    expect(peer.frames.waiting).toBe(0);
  });

  it("requests more if it is called again with more before the reply", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const received = listen(room);
    void room.subscribe({ last: 2 });
    const frame = await peer.frames.take();
    const done = room.subscribe({ last: 4 });
    await settled();
    replay(peer, frame, { position: at(10), messages: replayed(9, 10), older: true });
    page(peer, await peer.frames.take(), 7, 8, 9, 10);
    await done;
    expect(received).toEqual([7, 8, 9, 10]);
  });

  it("requests the messages if an older server sends only the latest", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const received = listen(room);
    const done = room.subscribe({ last: 3 });
    replay(peer, await peer.frames.take(), { position: at(10), messages: replayed(10) });
    page(peer, await peer.frames.take(), 8, 9, 10);
    await done;
    expect(received).toEqual([8, 9, 10]);
  });

  it("gives a component that mounts again the messages, and no other one", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    peer.send(numbered(11), numbered(12));
    await arrived(pushIt, peer);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 5 });
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "history", data: { channel: "a", limit: 5, reverse: true } });
    // Live messages wait for this object until the older ones are there.
    peer.send(numbered(13), numbered(14));
    await arrived(pushIt, peer);
    expect([mine, received.filter((data) => typeof data === "number")]).toEqual([[], [11, 12, 13, 14]]);
    page(peer, frame, 9, 10, 11, 12, 13);
    await done;
    expect(mine).toEqual([9, 10, 11, 12, 13, 14]);
    peer.send(numbered(13), numbered(14), numbered(15));
    await arrived(pushIt, peer);
    expect(mine).toEqual([9, 10, 11, 12, 13, 14, 15]);
    expect(received.filter((data) => typeof data === "number")).toEqual([11, 12, 13, 14, 15]);
  });

  it("skips messages that the holder has and that arrive later", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    page(peer, await peer.frames.take(), 11, 12);
    await done;
    peer.send(numbered(11), numbered(12), numbered(13));
    await arrived(pushIt, peer);
    expect(mine).toEqual([11, 12, 13]);
    expect(received.filter((data) => typeof data === "number")).toEqual([11, 12, 13]);
  });

  it("sends the largest last of several objects, and gives each its own", async () => {
    const { pushIt, peer } = await connected();
    const rooms = [2, 4].map((last) => {
      const room = pushIt.channel("a");
      return { received: listen(room), done: room.subscribe({ last }) };
    });
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channels: [{ channel: "a", last: 4 }] });
    replay(peer, frame, { position: at(10), messages: replayed(7, 8, 9, 10) });
    await Promise.all(rooms.map(({ done }) => done));
    expect(rooms.map(({ received }) => received)).toEqual([
      [9, 10],
      [7, 8, 9, 10],
    ]);
  });

  // The reply to a subscription has the latest message for every holder, on channels that keep it.
  it("uses history if another object subscribes without last", async () => {
    const { pushIt, peer } = await connected();
    const [plain, room] = [pushIt.channel("a"), pushIt.channel("a")];
    const [latest, mine] = [listen(plain), listen(room)];
    const done = [plain.subscribe(), room.subscribe({ last: 2 })];
    const frame = await peer.frames.take();
    expect(frame.data).toEqual({ channels: ["a"] });
    replay(peer, frame, { position: at(10), messages: replayed(10) });
    const asked = await peer.frames.take();
    expect(asked).toMatchObject({ action: "history", data: { channel: "a", limit: 2, reverse: true } });
    page(peer, asked, 9, 10);
    await Promise.all(done);
    expect([latest, mine]).toEqual([[10], [9, 10]]);
  });

  it("uses history if the server does not know last", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    replay(peer, await peer.frames.take(), { position: at(10) });
    page(peer, await peer.frames.take(), 9, 10);
    await done;
    expect(mine).toEqual([9, 10]);
  });

  it("delivers to the listeners of pushIt for pushIt.subscribe", async () => {
    const { pushIt, peer } = await connected();
    const [all, room] = [listen(pushIt), listen(pushIt.channel("a"))];
    const done = new Promise((resolve) => pushIt.subscribe("a", undefined, resolve, { last: 2 }));
    replay(peer, await peer.frames.take(), { position: at(10), messages: replayed(9, 10) });
    await done;
    expect([all, room]).toEqual([[9, 10], []]);
  });

  it("with since too prefers a position that recovers", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ since: at(8), last: 5 });
    const frame = await peer.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(8), last: 5 }]);
    replay(peer, frame, { position: at(10), messages: replayed(9, 10), recovered: true });
    await done;
    expect(mine).toEqual([9, 10]);
    expect(peer.frames.waiting).toBe(0);
  });

  it("with since too takes the newest if the position is lost", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const [mine, others] = [listen(room), listen(pushIt)];
    const done = room.subscribe({ since: at(8, "e0"), last: 2 });
    replay(peer, await peer.frames.take(), {
      position: at(10),
      messages: replayed(9, 10),
      recovered: false,
      code: "epoch_changed",
    });
    await done;
    expect([mine, others]).toEqual([[9, 10], []]);
  });
});

describe("an object that has subscribed with last", () => {
  it("recovers after a reconnection like any other", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    replay(peer, await peer.frames.take(), { position: at(10), messages: replayed(9, 10) });
    await done;
    const next = await reconnected(bench, pushIt, peer);
    const frame = await next.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(10) }]);
    replay(next, frame, { position: at(11), messages: replayed(11), recovered: true });
    await arrived(pushIt, next);
    expect(mine).toEqual([9, 10, 11]);
  });

  it("receives the newest again after messages were lost", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const lost: unknown[] = [];
    room.on("subscribed", ({ code }) => code && mine.push(code));
    const done = room.subscribe({ last: 2 });
    replay(peer, await peer.frames.take(), { position: at(10), messages: replayed(9, 10) });
    await done;
    const next = await reconnected(bench, pushIt, peer);
    replay(next, await next.frames.take(), { position: at(99), recovered: false, code: "too_far_behind" });
    const asked = await next.frames.take();
    expect(asked).toMatchObject({ action: "history", data: { channel: "a", limit: 2, reverse: true } });
    next.send(numbered(100));
    page(next, asked, 98, 99);
    await arrived(pushIt, next);
    expect([mine, lost]).toEqual([[9, 10, "too_far_behind", 98, 99, 100], []]);
  });

  it("that mounts while the connection is lost receives the newest", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    peer.socket.terminate();
    while (pushIt.state === "connected") await settled();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    bench.platform.advance(1_000);
    const next = await bench.server.peers.take();
    const frame = await next.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(10) }]);
    replay(next, frame, { position: at(11), messages: replayed(11), recovered: true });
    page(next, await next.frames.take(), 10, 11);
    await done;
    expect(mine).toEqual([10, 11]);
  });

  it("requests again after a failure, and on the next connection", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 1 });
    const frame = await peer.frames.take();
    peer.send({ channel: "/meta/history", uuid: frame.uuid, successful: false, code: "rate_limited", error: "slow" });
    await arrived(pushIt, peer);
    bench.platform.advance(2_000);
    await peer.frames.take();
    const next = await reconnected(bench, pushIt, peer);
    replay(next, await next.frames.take(), { position: at(10), recovered: true });
    page(next, await next.frames.take(), 10);
    await done;
    expect(mine).toEqual([10]);
  });

  it("waits for a pending message if the client is past it", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    replay(peer, await peer.frames.take(), { position: at(7), messages: replayed(8, 7), pendingMs: 3_000 });
    await arrived(pushIt, peer);
    expect(mine).toEqual([]);
    bench.platform.advance(5_000);
    page(peer, await peer.frames.take(), 9, 10);
    await done;
    expect(mine).toEqual([9, 10]);
  });
});
