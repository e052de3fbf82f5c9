import { arrived, at, collectMessages, numbered, numbers, QUIET, replay } from "../support/recorded.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();
const room = (offset: number) => numbered(offset, "e1", "rooms/5");

/** A client that receives `rooms/5`, which has history, by a wildcard. */
const covered = async () => {
  bench.server.automatic = false;
  const { pushIt, peer } = await bench.connected({ channels: ["rooms/*"], ...QUIET });
  const received = collectMessages(pushIt);
  const { uuid } = await peer.frames.take();
  peer.send({ channel: "/meta/subscribe", uuid, successful: true, data: { channel: "rooms/*" } });
  await arrived(pushIt, peer);
  return { pushIt, peer, received };
};

describe("a channel that only a wildcard covers", () => {
  it("is delivered as it arrives, each message once, without requests", async () => {
    const { pushIt, peer, received } = await covered();
    peer.send(room(5), room(9), room(7), room(9));
    peer.send({ channel: "rooms/5", epoch: "e1", offset: 10 });
    await arrived(pushIt, peer);
    bench.platform.advance(5_000);
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([5, 9, 7]);
    expect(peer.frames.waiting).toBe(0);
  });
});

describe("a channel below a wildcard that is being subscribed", () => {
  it("loses no messages that arrive meanwhile", async () => {
    const { pushIt, peer, received } = await covered();
    peer.send(room(6));
    await arrived(pushIt, peer);
    const subscribed = pushIt.channel("rooms/5").subscribe();
    const frame = await peer.frames.take();
    peer.send(room(7));
    // The position already includes it.
    replay(peer, frame, { position: at(7), historyCheckIntervalMs: 30_000 });
    await subscribed;
    peer.send(room(8));
    await arrived(pushIt, peer);
    bench.platform.advance(60_000);
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([6, 7, 8]);
  });

  it("also delivers the wildcard's messages after the reply", async () => {
    const { pushIt, peer, received } = await covered();
    void pushIt.channel("rooms/5").subscribe();
    replay(peer, await peer.frames.take(), { position: at(7), historyCheckIntervalMs: 30_000 });
    peer.send(room(7), room(6), room(8));
    await arrived(pushIt, peer);
    expect([...numbers(received)].sort()).toEqual([6, 7, 8]);
  });

  it("still receives when its subscription is denied", async () => {
    const { pushIt, peer, received } = await covered();
    peer.send(room(1));
    await arrived(pushIt, peer);
    const denied = expect(pushIt.channel("rooms/5").subscribe()).rejects.toMatchObject({ code: "denied" });
    const { uuid } = await peer.frames.take();
    peer.send(room(2));
    peer.send({
      channel: "/meta/subscribe",
      uuid,
      successful: false,
      code: "denied",
      error: "No.",
      data: { channel: "rooms/5" },
    });
    await denied;
    peer.send(room(3), room(4));
    await arrived(pushIt, peer);
    bench.platform.advance(60_000);
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([1, 2, 3, 4]);
  });

  it("still receives while its subscription fails", async () => {
    const { pushIt, peer, received } = await covered();
    const failed = expect(pushIt.channel("rooms/5").subscribe()).rejects.toMatchObject({ code: "unavailable" });
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/subscribe",
      uuid,
      successful: false,
      code: "unavailable",
      error: "Busy.",
      data: { channel: "rooms/5" },
    });
    await failed;
    peer.send(room(3), room(4));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([3, 4]);
  });

  it("is received by the wildcard again after unsubscribing", async () => {
    const { pushIt, peer, received } = await covered();
    const handle = pushIt.channel("rooms/5");
    void handle.subscribe();
    replay(peer, await peer.frames.take(), { position: at(7), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    const gone = handle.unsubscribe();
    peer.answer(await peer.frames.take());
    await gone;
    peer.send(room(8), room(10), room(9));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([8, 10, 9]);
  });

  it("loses no waiting messages when it is unsubscribed", async () => {
    const { pushIt, peer, received } = await covered();
    const handle = pushIt.channel("rooms/5");
    void handle.subscribe();
    replay(peer, await peer.frames.take(), { position: at(7), historyCheckIntervalMs: 30_000 });
    peer.send(room(9));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([]);
    const gone = handle.unsubscribe();
    peer.answer(await peer.frames.take());
    await gone;
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([9]);
  });
});

describe("a channel that a guard subscribed", () => {
  it("loses no messages when the client subscribes to it, too", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const received = collectMessages(pushIt);
    peer.send(numbered(5));
    await arrived(pushIt, peer);
    void pushIt.channel("a").subscribe();
    const frame = await peer.frames.take();
    peer.send(numbered(6));
    replay(peer, frame, { position: at(7), historyCheckIntervalMs: 30_000 });
    // It came by the guard's subscription, later than the reply.
    peer.send(numbered(7), numbered(8));
    await arrived(pushIt, peer);
    expect([...numbers(received)].sort()).toEqual([5, 6, 7, 8]);
  });
});

describe("a channel that is subscribed again", () => {
  it("does not receive late messages of its last subscription", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const received = collectMessages(pushIt);
    const handle = pushIt.channel("a");
    void handle.subscribe();
    replay(peer, await peer.frames.take(), { position: at(4), historyCheckIntervalMs: 30_000 });
    await arrived(pushIt, peer);
    void handle.unsubscribe();
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    peer.send(numbered(5));
    await arrived(pushIt, peer);
    void handle.subscribe();
    replay(peer, await peer.frames.take(), { position: at(7), historyCheckIntervalMs: 30_000 });
    peer.send(numbered(8), numbered(6), numbered(9));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([5, 8, 9]);
  });
});
