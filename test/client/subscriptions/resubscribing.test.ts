import { Mailbox } from "../support/mailbox.js";
import {
  arrived,
  at,
  numbered,
  numbers,
  QUIET,
  reconnected,
  replay,
  replayed,
  subscribed,
  targets,
} from "../support/recorded.js";
import { Bench, settled } from "../support/setup.js";

const bench = Bench.use();

describe("a channel with history, unsubscribed and subscribed in one turn", () => {
  it("delivers later messages", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    peer.send(numbered(11));
    await arrived(pushIt, peer);
    const chat = pushIt.channel("a");
    await Promise.all([chat.unsubscribe(), chat.subscribe()]);
    peer.send(numbered(12), numbered(13));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12, 13]);
    expect(chat.position).toEqual(at(13));
    expect(peer.frames.waiting).toBe(0);
  });

  it("delivers later messages, with callbacks, too", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    pushIt.unsubscribe("a");
    pushIt.subscribe("a");
    await arrived(pushIt, peer);
    peer.send(numbered(11), numbered(12));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12]);
  });

  it("is subscribed from its position after a reconnection", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    const chat = pushIt.channel("a");
    void chat.unsubscribe();
    await chat.subscribe();
    for (let n = 11; n < 11 + 600; n++) peer.send(numbered(n));
    await arrived(pushIt, peer);
    expect(numbers(received)).toHaveLength(600);
    const next = await reconnected(bench, pushIt, peer);
    const frame = await next.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a", since: at(610) }]);
    replay(next, frame, { position: at(612), recovered: true, messages: replayed(611, 612) });
    await arrived(pushIt, next);
    expect(numbers(received).slice(-2)).toEqual([611, 612]);
  });
});

describe("an unsubscription that its guard denied", () => {
  it("does not change the channel, which delivers later messages", async () => {
    const { pushIt, peer, received } = await subscribed(bench);
    const chat = pushIt.channel("a");
    const denied = expect(chat.unsubscribe()).rejects.toMatchObject({ code: "denied" });
    peer.answer(await peer.frames.take(), { successful: false, code: "denied", error: "No." });
    await denied;
    await chat.subscribe();
    peer.send(numbered(11), numbered(12));
    await arrived(pushIt, peer);
    expect(numbers(received)).toEqual([11, 12]);
    expect(chat.position).toEqual(at(12));
  });
});

describe("an unsubscription whose outcome is not known", () => {
  it("is resolved: subscribing sends a request", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    const failed = expect(pushIt.channel("a").unsubscribe()).rejects.toMatchObject({ code: "internal" });
    await peer.frames.take();
    // The Lambda has deleted the rows, then died: API Gateway says so.
    peer.send({ message: "Internal server error", connectionId: "c", requestId: "r" });
    await failed;
    const again = pushIt.channel("a").subscribe();
    const frame = await peer.frames.take();
    expect(frame).toMatchObject({ action: "subscribe", data: { channels: ["a"] } });
    peer.answer(frame);
    await again;
    const received = new Mailbox<unknown>();
    pushIt.channel("a").on("message", ({ data }) => received.put(data));
    peer.send({ channel: "a", uuid: "u1", data: "still here" });
    expect(await received.take()).toBe("still here");
  });

  it("is retried by itself if no holder returns", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected({ channels: ["a"], ...QUIET });
    peer.answer(await peer.frames.take());
    await arrived(pushIt, peer);
    const failed = expect(pushIt.channel("a").unsubscribe()).rejects.toMatchObject({ code: "unavailable" });
    peer.answer(await peer.frames.take(), { successful: false, code: "unavailable", error: "Busy." });
    await failed;
    bench.platform.advance(15_000);
    expect(await peer.frames.take()).toMatchObject({ action: "unsubscribe", data: { channels: ["a"] } });
  });
});

describe("a channel name that is too long", () => {
  it("fails once, and is never requested", async () => {
    const { pushIt, peer } = await bench.connected();
    const errors = jest.fn();
    pushIt.on("error", errors);
    await expect(pushIt.channel("x".repeat(200)).subscribe()).rejects.toMatchObject({
      code: "bad_channel",
      message: expect.stringContaining("128 characters"),
    });
    bench.platform.advance(180_000);
    await settled();
    expect([peer.frames.all, errors.mock.calls]).toEqual([[], []]);
  });

  it("for the server, but not for the SDK, fails once", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    pushIt.on("unsubscribed", () => {});
    const name = "x".repeat(130);
    const refused = expect(pushIt.channel(name).subscribe()).rejects.toMatchObject({ code: "bad_channel" });
    const { uuid } = await peer.frames.take();
    peer.send({
      channel: "/meta/subscribe",
      uuid,
      successful: false,
      code: "bad_channel",
      error: "This is not a channel name.",
      data: { channel: name },
    });
    await refused;
    bench.platform.advance(180_000);
    await arrived(pushIt, peer);
    expect(peer.frames.waiting).toBe(0);
  });
});

describe("one forbidden channel of many", () => {
  it("is reported once, and the others work, also after a reconnection", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const ended: string[] = [];
    pushIt.on("unsubscribed", ({ channel, error }) => ended.push(`${channel} ${error?.code}`));
    const outcomes = ["a", "b", "c"].map((name) =>
      pushIt
        .channel(name)
        .subscribe()
        .then(
          () => "ok",
          ({ code }: { code: string }) => code,
        ),
    );
    const { uuid } = await peer.frames.take();
    peer.send(
      { channel: "/meta/subscribe", uuid, successful: true, data: { channel: "a" } },
      { channel: "/meta/subscribe", uuid, successful: false, code: "denied", error: "No.", data: { channel: "b" } },
      { channel: "/meta/subscribe", uuid, successful: true, data: { channel: "c" } },
    );
    expect(await Promise.all(outcomes)).toEqual(["ok", "denied", "ok"]);
    const next = await reconnected(bench, pushIt, peer);
    const frame = await next.frames.take();
    expect(targets(frame)).toEqual([{ channel: "a" }, { channel: "c" }]);
    next.answer(frame);
    await arrived(pushIt, next);
    expect(ended).toEqual(["b denied"]);
  });
});

describe("one uuid on two channels", () => {
  it("has an outcome for each publication", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected(QUIET);
    const outcome: Record<string, string> = {};
    pushIt.publish(
      { channel: "a", uuid: "same", data: 1 },
      ({ code }) => (outcome["a"] = code),
      () => (outcome["a"] = "ok"),
    );
    pushIt.publish(
      { channel: "private/b", uuid: "same", data: 1 },
      ({ code }) => (outcome["b"] = code),
      () => (outcome["b"] = "ok"),
    );
    const first = await peer.frames.take();
    expect(first).toMatchObject({ channel: "a", uuid: "same" });
    peer.answer(first);
    const second = await peer.frames.take();
    expect(second).toMatchObject({ channel: "private/b", uuid: "same" });
    peer.answer(second, { successful: false, code: "denied", error: "Not yours." });
    await arrived(pushIt, peer);
    expect(outcome).toEqual({ a: "ok", b: "denied" });
  });
});
