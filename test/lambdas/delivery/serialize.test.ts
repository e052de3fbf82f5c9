import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { fits, framesOf as framesOf, serialize, type SerializedMessage } from "../../../lambdas/delivery/serialize.js";
import { messageOf } from "../support/fakes.js";

/** A message with exactly this many bytes as JSON. */
const sized = (bytes: number, uuid = "m"): SerializedMessage => {
  const empty = serialize(messageOf("c", "", uuid)).bytes;
  return serialize(messageOf("c", "x".repeat(bytes - empty), uuid));
};

const frames = (messages: readonly SerializedMessage[]): string[] => framesOf(messages).map(({ text }) => text);

const uuids = (frame: string): string[] => [JSON.parse(frame) as { uuid: string }].flat().map(({ uuid }) => uuid);

describe("a serialized message", () => {
  test("has channel, uuid and data only", () => {
    const message = { ...messageOf("c", { a: null }), echo: false, action: "publish" };
    expect(JSON.parse(serialize(message).json)).toEqual({ channel: "c", uuid: "m1", data: { a: null } });
  });

  test("is measured in UTF-8 bytes", () => {
    const plain = serialize(messageOf("c", "")).bytes;
    expect(serialize(messageOf("c", "é")).bytes - plain).toBe(2);
    expect(serialize(messageOf("c", "🎉")).bytes - plain).toBe(4);
  });

  test("keeps __proto__ in its data as data", () => {
    const data = JSON.parse('{"__proto__":{"a":1}}') as never;
    expect(serialize(messageOf("c", data)).json).toContain('"__proto__":{"a":1}');
  });

  test("fits a frame at exactly 32 KB, not with one byte more", () => {
    expect(fits(sized(MAX_FRAME_BYTES), { messageBytes: MAX_FRAME_BYTES })).toBe(true);
    expect(fits(sized(MAX_FRAME_BYTES + 1), { messageBytes: MAX_FRAME_BYTES })).toBe(false);
  });

  test("fits a deployment's smaller limit exactly", () => {
    expect(fits(sized(300), { messageBytes: 300 })).toBe(true);
    expect(fits(sized(301), { messageBytes: 300 })).toBe(false);
  });
});

describe("framesOf", () => {
  test("returns a single message as an object", () => {
    const message = sized(100);
    expect(frames([message])).toEqual([message.json]);
  });

  test("returns several messages as one list, in order", () => {
    const [frame, ...more] = frames(["a", "b", "c"].map((uuid) => sized(100, uuid)));
    expect(more).toEqual([]);
    expect(frame).toMatch(/^\[.*\]$/);
    expect(uuids(frame ?? "")).toEqual(["a", "b", "c"]);
  });

  test("returns no frames without messages", () => {
    expect(frames([])).toEqual([]);
  });

  test("puts a message of exactly 32 KB into its own frame", () => {
    const [before, whole, after] = [sized(100, "a"), sized(MAX_FRAME_BYTES, "b"), sized(100, "c")];
    expect(frames([before, whole, after])).toEqual([before.json, whole.json, after.json]);
  });

  test("fills a frame to exactly 32 KB, with brackets and commas", () => {
    const half = (MAX_FRAME_BYTES - 3) / 2;
    const exact = [sized(Math.floor(half), "a"), sized(Math.ceil(half), "b")];
    expect(frames(exact).map((frame) => Buffer.byteLength(frame))).toEqual([MAX_FRAME_BYTES]);
    const over = [sized(Math.floor(half), "a"), sized(Math.ceil(half) + 1, "b")];
    expect(frames(over)).toHaveLength(2);
  });

  test("never exceeds 32 KB, and keeps all messages in order", () => {
    const sizes = [10_000, 22_000, 800, MAX_FRAME_BYTES, 60, 60, 16_000, 16_765, 16_766, 31_000, 60];
    const packed = frames(sizes.map((bytes, at) => sized(bytes, `m${at}`)));
    for (const frame of packed) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    expect(packed.flatMap(uuids)).toEqual(sizes.map((_, at) => `m${at}`));
  });
});
