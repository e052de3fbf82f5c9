import { gather, parse, utf8, write } from "../../client/src/frames.js";
import { freshId } from "../../client/src/id.js";
import type { Request } from "../../client/src/request.js";
import { CHANNELS_PER_FRAME, FRAME_BYTES, isId, MESSAGES_PER_FRAME } from "../../protocol/index.js";

const request = (json: string, more: Partial<Request> = {}): Request => ({
  _action: "publish",
  _lane: "",
  _uuid: freshId(),
  _json: json,
  _bytes: utf8(json).length,
  _settle: () => {},
  ...more,
});
const message = (data: unknown): Request => request(JSON.stringify({ channel: "a", uuid: freshId(), data }));
const subscription = (channel: string, more: Partial<Request> = {}): Request =>
  request(JSON.stringify(channel), { _action: "subscribe", _lane: " " + channel, _channel: channel, ...more });
const bytes = (text: string): number => Buffer.byteLength(text);

describe("ids", () => {
  it("are 22 characters that the protocol allows, and differ", () => {
    const ids = Array.from({ length: 1_000 }, freshId);
    expect(ids.every((id) => isId(id) && id.length === 22)).toBe(true);
    expect(new Set(ids).size).toBe(1_000);
  });
});

describe("parse", () => {
  it("takes one object, or several", () => {
    expect(parse('{"channel":"a"}')).toEqual([{ channel: "a" }]);
    expect(parse('[{"channel":"a"},{"channel":"b"}]')).toEqual([{ channel: "a" }, { channel: "b" }]);
  });

  it.each([[""], ["not json"], ["null"], ["1"], ['"text"'], ["[null, 1]"], [undefined], [new ArrayBuffer(2)]])(
    "finds nothing in %p, and does not throw",
    (text) => expect(parse(text)).toEqual([]),
  );
});

describe("gather", () => {
  it("takes messages in order, 25 at most", () => {
    const queue = Array.from({ length: 30 }, (_, index) => message(index));
    expect(gather(queue)).toEqual(queue.slice(0, 25));
    expect([CHANNELS_PER_FRAME, MESSAGES_PER_FRAME]).toEqual([25, 25]);
  });

  it("counts bytes of UTF-8, not characters", () => {
    const queue = ["a", "ö", "\u{1f600}"].map((char) => message(char.repeat(11_000)));
    // 11,000 + 22,000 bytes are over 32 KB, although they are 22,000 characters.
    expect(gather(queue)).toEqual(queue.slice(0, 1));
    expect(gather(queue.slice(1))).toEqual(queue.slice(1, 2));
  });

  it("fills a frame to its limit, never over it", () => {
    for (const size of [1, 100, 1_000, 1_234, 1_300, 4_000, 16_000, 32_500]) {
      const queue = Array.from({ length: 30 }, () => message("ö".repeat(size / 2)));
      const frame = write(gather(queue));
      expect(bytes(frame)).toBeLessThanOrEqual(FRAME_BYTES);
    }
  });

  it("never lets a small message pass a large one", () => {
    const queue = [message("x".repeat(20_000)), message("y".repeat(20_000)), message("z")];
    expect(gather(queue)).toEqual(queue.slice(0, 1));
  });

  it("takes nothing from a lane that has something in flight", () => {
    const flying = subscription("a");
    flying._frame = [flying];
    const queue = [flying, subscription("a", { _action: "unsubscribe" }), subscription("b"), subscription("c")];
    expect(gather(queue).map(({ _channel }) => _channel)).toEqual(["b", "c"]);
  });

  it("mixes no actions in a frame, and passes none within a lane", () => {
    const queue = [
      subscription("a"),
      subscription("b", { _action: "unsubscribe" }),
      subscription("b"),
      subscription("c"),
    ];
    expect(gather(queue).map(({ _channel }) => _channel)).toEqual(["a", "c"]);
  });
});

describe("write", () => {
  it("writes one message as the frame itself", () => {
    const json = JSON.stringify({ channel: "stories/5", uuid: "u", data: null, echo: false });
    expect(JSON.parse(write([request(json)]))).toEqual({
      action: "publish",
      channel: "stories/5",
      uuid: "u",
      data: null,
      echo: false,
    });
  });

  it("writes several as a list", () => {
    const frame = JSON.parse(write([request('{"channel":"a"}'), request('{"channel":"b"}')]));
    expect(frame).toEqual({ action: "publish", messages: [{ channel: "a" }, { channel: "b" }] });
  });

  it("writes subscriptions with one uuid", () => {
    const batch = [subscription("a"), subscription("b")];
    expect(JSON.parse(write(batch))).toEqual({
      action: "subscribe",
      channel: "/meta/subscribe",
      uuid: batch[0]!._uuid,
      data: { channels: ["a", "b"] },
    });
  });
});
