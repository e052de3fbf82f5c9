import { arrived, at, numbered, QUIET, replay, replayed, subscribed } from "../support/recorded.js";
import { codeOf, connectedOnly, listen, page } from "../support/last.js";
import { Bench } from "../support/setup.js";

const bench = Bench.use();
const connected = () => connectedOnly(bench);

describe("subscribe({ last }) is refused", () => {
  it.each([
    ["a wildcard", "a/*", 5, "wildcard", '"last" needs one channel: a wildcard has no history of its own.'],
    ["0", "a", 0, "bad_frame", '"last" must be a whole number from 1 to 100; it is 0.'],
    ["101", "a", 101, "bad_frame", '"last" must be a whole number from 1 to 100; it is 101.'],
    ["1.5", "a", 1.5, "bad_frame", '"last" must be a whole number from 1 to 100; it is 1.5.'],
  ])("for %s", async (_, channel, last, code, message) => {
    const { pushIt, peer } = await connected();
    await expect(pushIt.channel(channel).subscribe({ last })).rejects.toMatchObject({ code, channel, message });
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });

  it("on a channel without history, and other objects stay subscribed", async () => {
    const { pushIt, peer } = await connected();
    const [plain, room] = [pushIt.channel("a"), pushIt.channel("a")];
    const [others, mine] = [listen(plain), listen(room)];
    const done = [codeOf(plain.subscribe()), codeOf(room.subscribe({ last: 5 }))];
    peer.answer(await peer.frames.take());
    const asked = await peer.frames.take();
    peer.send({ channel: "/meta/a", uuid: "m1", data: 0 }, { channel: "a", uuid: "m1", data: 1 });
    peer.send({ channel: "/meta/history", uuid: asked.uuid, successful: false, code: "no_history", error: "None." });
    expect(await Promise.all(done)).toEqual(["ok", "no_history"]);
    peer.send({ channel: "a", uuid: "m2", data: 2 });
    await arrived(pushIt, peer);
    expect([others, mine, peer.frames.waiting]).toEqual([[1, 2], [1, 2], 0]);
  });
});

describe("an unfinished subscribe({ last })", () => {
  it("is fulfilled if its object unsubscribes", async () => {
    const { pushIt, peer, received } = await subscribed(bench, QUIET);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = codeOf(room.subscribe({ last: 2 }));
    const frame = await peer.frames.take();
    await room.unsubscribe();
    expect(await done).toBe("ok");
    page(peer, frame, 9, 10);
    peer.send(numbered(11));
    await arrived(pushIt, peer);
    expect(mine).toEqual([11]);
    expect(received).toContain(11);
  });

  it("fails if the server revokes the subscription", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    pushIt.on("unsubscribed", () => {});
    const done = codeOf(pushIt.channel("a").subscribe({ last: 2 }));
    await peer.frames.take();
    peer.send({
      channel: "/meta/unsubscribe",
      successful: true,
      code: "revoked",
      error: "Out.",
      data: { channel: "a" },
    });
    expect(await done).toBe("revoked");
  });

  it("fails if the application disconnects or resets", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const first = codeOf(pushIt.channel("a").subscribe({ last: 2 }));
    await peer.frames.take();
    pushIt.disconnect();
    expect(await first).toBe("closed");
    const second = codeOf(pushIt.channel("a").subscribe({ last: 2 }));
    pushIt.reset();
    expect(await second).toBe("closed");
  });

  it("is replaced by a later one of the same object", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = [room.subscribe({ last: 1 })];
    const first = await peer.frames.take();
    done.push(room.subscribe({ last: 2 }));
    const second = await peer.frames.take();
    page(peer, first, 10);
    page(peer, second, 9, 10);
    await Promise.all(done);
    expect(mine).toEqual([9, 10]);
  });
});

describe("a loss on an open connection", () => {
  it("requests the newest messages again", async () => {
    const { pushIt, peer } = await connected();
    const room = pushIt.channel("a");
    const mine = listen(room);
    const done = room.subscribe({ last: 2 });
    replay(peer, await peer.frames.take(), { position: at(10), messages: replayed(9, 10), older: true });
    await done;
    expect(room.hasOlder).toBe(true);
    peer.send(numbered(99));
    await arrived(pushIt, peer);
    bench.platform.advance(300);
    const position = at(99);
    replay(peer, await peer.frames.take(), { position, recovered: false, code: "too_far_behind" });
    page(peer, await peer.frames.take(), 98, 99);
    peer.send(numbered(100));
    await arrived(pushIt, peer);
    expect(mine).toEqual([9, 10, 98, 99, 100]);
    expect(room.hasOlder).toBe(false);
  });
});

describe("a request for the newest messages that fails", () => {
  it("is repeated after a wait that doubles", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const done = pushIt.channel("a").subscribe({ last: 1 });
    for (const wait of [500, 1_000, 2_000]) {
      const { uuid } = await peer.frames.take();
      peer.send({ channel: "/meta/history", uuid, successful: false, code: "guard_timeout", error: "Too slow." });
      await arrived(pushIt, peer);
      bench.platform.advance(wait - 1);
      await arrived(pushIt, peer);
      expect(peer.frames.waiting).toBe(0);
      bench.platform.advance(1);
    }
    page(peer, await peer.frames.take(), 10);
    await done;
  });

  it("is repeated after a freeze on the same connection", async () => {
    const { pushIt, peer } = await subscribed(bench, QUIET);
    const done = pushIt.channel("a").subscribe({ last: 1 });
    const { uuid } = await peer.frames.take();
    // The retry is due after the client has noticed the freeze.
    bench.platform.random = 15;
    peer.send({ channel: "/meta/history", uuid, successful: false, code: "guard_timeout", error: "Too slow." });
    await arrived(pushIt, peer);
    bench.platform.random = 0.5;
    bench.platform.sleep(300_000);
    peer.answer(await peer.frames.find(({ action }) => action === "ping"));
    page(peer, await peer.frames.find(({ action }) => action === "history"), 10);
    await done;
  });
});
