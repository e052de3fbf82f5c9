import WebSocket from "ws";
import type { PublishRequest, PublishResult, PushItError, ReceivedMessage } from "push-it-client";
import { Mailbox } from "./support/mailbox.js";
import { Bench, settled } from "./support/setup.js";
import { uncaught } from "./support/uncaught.js";

const bench = Bench.use();

describe("the callback API", () => {
  it("publishes, and returns the message's id at once", async () => {
    const { pushIt, peer } = await bench.connected();
    const published = new Mailbox<PublishResult>();
    const uuid = pushIt.publish({ channel: "stories/5", data: { a: 1 } }, undefined, published.put);
    expect(uuid).toMatch(/^[0-9A-Za-z_-]{22}$/);
    expect(await peer.frames.take()).toEqual({ action: "publish", channel: "stories/5", uuid, data: { a: 1 } });
    expect(await published.take()).toEqual({ uuid, result: undefined });
  });

  it("accepts `message` for `data`, as older clients call it", async () => {
    const { pushIt, peer } = await bench.connected();
    pushIt.publish({ channel: "a", message: "old" });
    expect(await peer.frames.take()).toMatchObject({ data: "old" });
  });

  it("sends null, false, 0 and empty text as they are", async () => {
    const { pushIt, peer } = await bench.connected();
    for (const data of [null, false, 0, ""]) pushIt.publish({ channel: "a", data });
    expect((await peer.frames.take()).messages!.map(({ data }) => data)).toEqual([null, false, 0, ""]);
  });

  it("publishes with an id that the application chose", async () => {
    const { pushIt, peer } = await bench.connected();
    expect(pushIt.publish({ channel: "a", data: 1, uuid: "mine" })).toBe("mine");
    expect(await peer.frames.take()).toMatchObject({ uuid: "mine" });
  });

  it("passes the error to onError, and the guard's result to onSuccess", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const outcomes = new Mailbox<PushItError | PublishResult>();
    pushIt.publish({ channel: "a", data: 1 }, outcomes.put, outcomes.put);
    peer.answer(await peer.frames.take(), { successful: false, error: "Not you.", code: "denied" });
    expect(await outcomes.take()).toMatchObject({ name: "PushItError", code: "denied", message: "Not you." });
    const uuid = pushIt.publish({ channel: "a", data: 2 }, outcomes.put, outcomes.put);
    peer.answer(await peer.frames.take(), { successful: true, data: { number: 7 } });
    expect(await outcomes.take()).toEqual({ uuid, result: { number: 7 } });
  });

  it("subscribes and unsubscribes with callbacks", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    const outcomes = new Mailbox<PushItError | string>();
    pushIt.subscribe("calendar/2", outcomes.put, outcomes.put);
    peer.answer(await peer.frames.take());
    expect(await outcomes.take()).toBe("calendar/2");
    pushIt.unsubscribe("calendar/2", outcomes.put, outcomes.put);
    peer.answer(await peer.frames.take(), { successful: false, error: "Stay.", code: "denied" });
    expect(await outcomes.take()).toMatchObject({ code: "denied", message: "Stay.", channel: "calendar/2" });
  });

  it("passes messages of every channel to onMessageReceived", async () => {
    const { pushIt, peer } = await bench.connected({ channels: ["stories/*"] });
    const received = new Mailbox<[string, ReceivedMessage]>();
    pushIt.onMessageReceived = (channel, message) => received.put([channel, message]);
    peer.send({ channel: "stories/5", uuid: "u1", data: { a: 1 } });
    expect(await received.take()).toEqual([
      "stories/5",
      { channel: "stories/5", uuid: "u1", data: { a: 1 }, payload: { a: 1 } },
    ]);
  });

  it("never calls back before the call has returned", async () => {
    const { pushIt } = bench.client();
    let returned = false;
    const early: boolean[] = [];
    pushIt.publish({ channel: "a", data: "x".repeat(40_000) }, () => early.push(!returned));
    pushIt.unsubscribe("a", undefined, () => early.push(!returned));
    returned = true;
    await settled();
    expect(early).toEqual([false, false]);
  });
});

describe("order", () => {
  it("is kept: one frame is in flight, and the rest gathers", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    for (let data = 0; data < 3; data++) pushIt.publish({ channel: "a", data });
    const first = await peer.frames.take();
    for (let data = 3; data < 100; data++) pushIt.publish({ channel: data % 2 ? "a" : "b", data });
    await settled();
    expect(peer.frames.waiting).toBe(0);

    const order: unknown[] = [];
    for (let frame = first; ; frame = await peer.frames.take()) {
      expect(peer.frames.waiting).toBe(0);
      order.push(...frame.messages!.map(({ data }) => data));
      if (order.length === 100) break;
      peer.answer(frame);
    }
    expect(order).toEqual(Array.from({ length: 100 }, (_, data) => data));
  });

  it("is kept across full frames, none of them over 32 KB", async () => {
    const { pushIt, peer } = await bench.connected();
    const publications = Array.from({ length: 40 }, (_, n) =>
      pushIt.channel("a").publish({ n, text: "ö".repeat(3_000) }),
    );
    await Promise.all(publications);
    const numbers = peer.frames.all.flatMap((frame) =>
      (frame.messages ?? [frame]).map(({ data }) => (data as unknown as { n: number }).n),
    );
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(Math.max(...peer.texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(32_768);
    expect(peer.texts.length).toBeLessThan(10);
  });
});

describe("errors that no callback receives", () => {
  it("are error events", async () => {
    const { pushIt } = await bench.connected();
    const errors = new Mailbox<PushItError>();
    pushIt.on("error", errors.put);
    const uuid = pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
    expect(await errors.take()).toMatchObject({ code: "too_large", channel: "a", uuid });
    pushIt.send({ channel: "a", data: "x".repeat(40_000) });
    expect(await errors.take()).toMatchObject({ code: "too_large" });
  });

  it("without a listener are neither rejections nor exceptions", async () => {
    jest.spyOn(console, "warn").mockImplementation(() => {});
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const errors = await uncaught(async () => {
      const { pushIt, peer } = await bench.connected();
      pushIt.publish({ channel: "a", data: "x".repeat(40_000) });
      pushIt.publish({ channel: "a", data: 1 });
      pushIt.subscribe("a");
      pushIt.unsubscribe("b");
      peer.socket.terminate();
      pushIt.disconnect();
      pushIt.subscribe("a");
      await settled();
      await settled();
    });
    process.off("unhandledRejection", note);
    jest.restoreAllMocks();
    expect([errors, rejections]).toEqual([[], []]);
  });

  it("about data that JSON cannot carry do not affect other messages", async () => {
    const { pushIt, peer } = await bench.connected();
    const errors = new Mailbox<PushItError>();
    const loop: Record<string, unknown> = {};
    loop.loop = loop;
    pushIt.publish({ channel: "a", data: loop }, errors.put);
    pushIt.publish({ channel: "a", data: "fine" });
    expect(await errors.take()).toMatchObject({ code: "bad_frame", message: expect.stringMatching(/circular/) });
    expect(await peer.frames.take()).toMatchObject({ data: "fine" });
  });
});

describe("a malformed message", () => {
  it.each<[string, object]>([
    ["no data", { channel: "a" }],
    ["data that JSON cannot carry", { channel: "a", data: () => {} }],
    ["no channel", { data: 1 }],
    ["a channel that is not text", { channel: 5, data: 1 }],
    ["an id that the protocol does not allow", { channel: "a", data: 1, uuid: 'x","data":"injected' }],
    ["an empty id", { channel: "a", data: 1, uuid: "" }],
  ])("with %s fails before it can affect others of its frame", async (_what, message) => {
    const { pushIt, peer } = await bench.connected();
    const errors = new Mailbox<PushItError>();
    pushIt.publish(message as PublishRequest, errors.put);
    await pushIt.channel("a").publish("fine");
    expect(await errors.take()).toMatchObject({ code: "bad_frame" });
    expect(peer.frames.all.map(({ data }) => data)).toEqual(["fine"]);
  });

  it("cannot be a channel to subscribe to either", async () => {
    const { pushIt, peer } = await bench.connected();
    const wrong = pushIt.channel(undefined as unknown as string).subscribe();
    const refused = expect(wrong).rejects.toMatchObject({ code: "bad_channel" });
    await pushIt.channel("a").subscribe();
    await refused;
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ channels: ["a"] }]);
  });
});

describe("an exception of the application", () => {
  it("in a listener or callback is reported and does no harm", async () => {
    const { pushIt, peer } = await bench.connected();
    const boom = (): never => {
      throw new Error("boom");
    };
    const received: unknown[] = [];
    const errors = await uncaught(async () => {
      pushIt.onMessageReceived = boom;
      pushIt.on("message", boom);
      pushIt.on("message", ({ data }) => received.push(data));
      pushIt.publish({ channel: "a", data: 1 }, boom, boom);
      peer.send({ channel: "a", uuid: "u", data: "one" }, { channel: "a", uuid: "v", data: "two" });
      await pushIt.channel("a").publish(2);
      await settled();
    });
    expect(received).toEqual(["one", "two"]);
    expect(errors).toHaveLength(5);
    expect(pushIt.state).toBe("connected");
  });
});

describe("send", () => {
  it("asks for no reply", async () => {
    const { pushIt, peer } = await bench.connected();
    const uuid = pushIt.send({ channel: "a", data: 1, echo: false });
    expect(await peer.frames.take()).toEqual({ action: "send", channel: "a", uuid, data: 1, echo: false });
  });

  it("does not wait for publications that are in flight", async () => {
    bench.server.automatic = false;
    const { pushIt, peer } = await bench.connected();
    pushIt.publish({ channel: "a", data: 1 });
    await peer.frames.take();
    pushIt.send({ channel: "a", data: 2 });
    expect(await peer.frames.take()).toMatchObject({ action: "send", data: 2 });
  });
});

describe("the frames on the wire", () => {
  it("can be observed with the application's own WebSocket class", async () => {
    const frames: string[] = [];
    class Tapped extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        this.addEventListener("message", ({ data }) => frames.push(`< ${data as string}`));
      }
      override send(text: string): void {
        frames.push(`> ${text}`);
        super.send(text);
      }
    }
    const { pushIt, peer } = await bench.connected({ WebSocket: Tapped });
    const { uuid } = await pushIt.channel("a").publish(1);
    expect(frames[0]).toBe(`> ${JSON.stringify(peer.first)}`);
    expect(frames.slice(2)).toEqual([
      `> ${peer.texts[0]!}`,
      `< {"channel":"/meta/successful","uuid":"${uuid}","successful":true}`,
    ]);
  });
});
