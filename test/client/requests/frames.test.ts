import { encodeBatch, MAX_PAYLOAD_BYTES, nextBatch, parseFrame } from "../../../client/src/requests/frames.js";
import type { Request } from "../../../client/src/requests/request.js";
import { newId } from "../../../client/src/platform/id.js";
import { MAX_CHANNELS_PER_FRAME, MAX_FRAME_BYTES, MAX_MESSAGES_PER_FRAME } from "../../../protocol/index.js";

const LIMITS = { channelsPerFrame: MAX_CHANNELS_PER_FRAME, messagesPerFrame: MAX_MESSAGES_PER_FRAME };

const request = (payload: string, more: Partial<Request> = {}): Request => ({
  action: "publish",
  orderingKey: " ",
  uuid: newId(),
  payload,
  bytes: Buffer.byteLength(payload),
  state: "queued",
  attempts: 0,
  onEnd: () => {},
  ...more,
});
const message = (data: unknown, more: Partial<Request> = {}): Request =>
  request(JSON.stringify({ channel: "a", uuid: newId(), data }), more);
const subscription = (channel: string, more: Partial<Request> = {}): Request =>
  request(JSON.stringify(channel), { action: "subscribe", orderingKey: " " + channel, channel, ...more });
const batch = (requests: Request[], limits = LIMITS): Request[] => nextBatch(requests, limits);
const channels = (requests: Request[]): (string | undefined)[] => requests.map(({ channel }) => channel);

describe("parseFrame", () => {
  it("reads one object or several", () => {
    expect(parseFrame('{"channel":"a"}')).toEqual([{ channel: "a" }]);
    expect(parseFrame('[{"channel":"a"},{"channel":"b"}]')).toEqual([{ channel: "a" }, { channel: "b" }]);
  });

  it.each([[""], ["not json"], ["null"], ["1"], ['"text"'], ["[null, 1]"], [undefined], [new ArrayBuffer(2)]])(
    "finds nothing in %p, and does not throw",
    (text) => expect(parseFrame(text)).toEqual([]),
  );
});

describe("nextBatch", () => {
  it("takes messages in order, 25 at most", () => {
    const queue = Array.from({ length: 30 }, (_, index) => message(index));
    expect(batch(queue)).toEqual(queue.slice(0, 25));
    expect([MAX_CHANNELS_PER_FRAME, MAX_MESSAGES_PER_FRAME]).toEqual([25, 25]);
  });

  it("takes as many as the server allows", () => {
    const limits = { channelsPerFrame: 3, messagesPerFrame: 2 };
    const messages = Array.from({ length: 5 }, (_, index) => message(index));
    expect(batch(messages, limits)).toEqual(messages.slice(0, 2));
    expect(
      channels(
        batch(
          ["a", "b", "c", "d"].map((name) => subscription(name)),
          limits,
        ),
      ),
    ).toEqual(["a", "b", "c"]);
  });

  it("counts bytes of UTF-8, not characters", () => {
    const queue = ["a", "ö", "\u{1f600}"].map((char) => message(char.repeat(11_000)));
    // 11,000 + 22,000 bytes are over 32 KB, although they are 22,000 characters.
    expect(batch(queue)).toEqual(queue.slice(0, 1));
    expect(batch(queue.slice(1))).toEqual(queue.slice(1, 2));
  });

  it("fills a frame to its limit, never over it", () => {
    for (const size of [1, 100, 1_000, 1_234, 1_300, 4_000, 16_000, 32_500]) {
      const queue = Array.from({ length: 30 }, () => message("ö".repeat(size / 2)));
      const frame = encodeBatch(batch(queue));
      expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    }
  });

  it("has room for the largest message alone, in a whole frame", () => {
    const empty = message("").bytes;
    const largest = message("x".repeat(MAX_PAYLOAD_BYTES - 1 - empty));
    expect([largest.bytes, batch([largest])]).toEqual([MAX_PAYLOAD_BYTES - 1, [largest]]);
    expect(Buffer.byteLength(encodeBatch([largest]))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });

  it("never lets a small message pass a large one", () => {
    const queue = [message("x".repeat(20_000)), message("y".repeat(20_000)), message("z")];
    expect(batch(queue)).toEqual(queue.slice(0, 1));
  });

  it.each(["inFlight", "waiting"] as const)("leaves requests that wait for a request that is %s", (state) => {
    const queue = [
      subscription("a", { state }),
      subscription("a", { action: "unsubscribe" }),
      subscription("b"),
      subscription("c"),
    ];
    expect(channels(batch(queue))).toEqual(["b", "c"]);
    expect(batch([message(1, { state }), message(2)])).toEqual([]);
  });

  it("never mixes actions in a frame, and keeps their order", () => {
    const queue = [
      subscription("a"),
      subscription("b", { action: "unsubscribe" }),
      subscription("b"),
      subscription("c"),
    ];
    expect(channels(batch(queue))).toEqual(["a", "c"]);
  });

  it("never puts one uuid into a frame twice", () => {
    const queue = [message(1, { uuid: "same" }), message(2, { uuid: "same" }), message(3)];
    // The third one has to wait, too, because publications keep their order.
    expect(batch(queue)).toEqual(queue.slice(0, 1));
  });

  it("never sends a uuid again while its first reply is awaited", () => {
    const queue = [
      message(1, { uuid: "same", state: "inFlight", orderingKey: "1" }),
      message(2, { uuid: "same", orderingKey: "2" }),
    ];
    expect(batch(queue)).toEqual([]);
  });

  it.each(["history", "presence"] as const)("sends each %s request in a frame of its own", (action) => {
    const queue = ["1", "2"].map((uuid) => request("{}", { action, uuid, orderingKey: uuid }));
    expect(batch(queue)).toEqual(queue.slice(0, 1));
  });
});

describe("encodeBatch", () => {
  it("writes one message as the frame itself", () => {
    const payload = JSON.stringify({ channel: "stories/5", uuid: "u", data: null, echo: false });
    expect(JSON.parse(encodeBatch([request(payload)]))).toEqual({
      action: "publish",
      channel: "stories/5",
      uuid: "u",
      data: null,
      echo: false,
    });
  });

  it("writes several as a list", () => {
    const frame: unknown = JSON.parse(encodeBatch([request('{"channel":"a"}'), request('{"channel":"b"}')]));
    expect(frame).toEqual({ action: "publish", messages: [{ channel: "a" }, { channel: "b" }] });
  });

  it("writes subscriptions with one uuid", () => {
    const both = [subscription("a"), subscription("b")];
    expect(JSON.parse(encodeBatch(both))).toEqual({
      action: "subscribe",
      channel: "/meta/subscribe",
      uuid: both[0]!.uuid,
      data: { channels: ["a", "b"] },
    });
  });
});
