import type { PublishRequest } from "push-it-client";
import { Bench, settled } from "./support/setup.js";

const bench = Bench.use();

const { NODE_ENV } = process.env;
afterEach(() => {
  process.env.NODE_ENV = NODE_ENV;
});

/** Publishes what the types forbid, as JavaScript does. */
const publish = (
  pushIt: { channel(name: string): { publish(data: never): Promise<unknown> } },
  data: unknown,
): Promise<unknown> => pushIt.channel("a").publish(data as never);

describe("a message above 32 KB", () => {
  it.each([
    [
      "33 KB of letters",
      "x".repeat(33 * 1024),
      /^The request has 33,8\d\d bytes of JSON, but at most 32,639 are allowed\.$/,
    ],
    ["31.9 KB of characters of 4 bytes", "\u{1f600}".repeat(8_170), /^The request has 32,7\d\d bytes of JSON/],
    ["100 KB", "x".repeat(100_000), /^The request has 100,0\d\d bytes of JSON/],
  ])("fails with its size, and the connection stays: %s", async (_what, data, message) => {
    const { pushIt, peer } = await bench.connected();
    await expect(publish(pushIt, data)).rejects.toMatchObject({
      code: "too_large",
      channel: "a",
      retryable: false,
      message: expect.stringMatching(message),
    });
    await publish(pushIt, "small");
    expect(peer.frames.all.map(({ data }) => data)).toEqual(["small"]);
  });

  it("is measured in bytes, and sent if it fits", async () => {
    const { pushIt, peer } = await bench.connected();
    await publish(pushIt, "\u{1f600}".repeat(8_100));
    expect(Buffer.byteLength(peer.texts[0]!)).toBeLessThanOrEqual(32_768);
  });
});

describe("data that JSON cannot carry", () => {
  it.each<[string, unknown, RegExp]>([
    ["a BigInt", { n: 1n }, /BigInt/],
    [
      "a circular object",
      (() => {
        const loop: Record<string, unknown> = {};
        loop["self"] = loop;
        return loop;
      })(),
      /circular/i,
    ],
    ["undefined", undefined, /"data" is missing/],
    ["a symbol", { kind: Symbol("s") }, /data\.kind is a symbol/],
    ["a Map", new Map([[1, 2]]), /data is a Map.*Send \[\.\.\.value\]/],
    ["a Set in an object", { tags: new Set(["a"]) }, /data\.tags is a Set/],
    ["NaN", { total: NaN }, /data\.total is NaN/],
    ["Infinity in a list", [1, Infinity], /data\[1\] is Infinity/],
    ["a function", { onClick: () => {} }, /data\.onClick is a function/],
  ])("%s fails in development, with its place in the data", async (_what, data, message) => {
    const { pushIt, peer } = await bench.connected();
    await expect(publish(pushIt, data)).rejects.toMatchObject({
      code: "bad_frame",
      channel: "a",
      message: expect.stringMatching(message),
    });
    await settled();
    expect(peer.frames.all).toEqual([]);
  });

  it("is not searched for in production", async () => {
    process.env.NODE_ENV = "production";
    const { pushIt, peer } = await bench.connected();
    await publish(pushIt, { total: NaN });
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ total: null }]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a BigInt", { n: 1n }, /BigInt/],
    ["undefined", undefined, /"data" is missing/],
    ["a function", () => {}, /"data" is missing/],
  ])("%s fails in production, too", async (_what, data, message) => {
    process.env.NODE_ENV = "production";
    const { pushIt } = await bench.connected();
    await expect(publish(pushIt, data)).rejects.toMatchObject({
      code: "bad_frame",
      message: expect.stringMatching(message),
    });
  });
});

describe("data that JSON carries", () => {
  it("arrives as JSON: a Date has become a string", async () => {
    const { pushIt, peer } = await bench.connected();
    await pushIt.channel<{ at: Date; note?: string }>("a").publish({ at: new Date(0), note: undefined });
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ at: "1970-01-01T00:00:00.000Z" }]);
  });

  it("may have a toJSON of its own", async () => {
    const { pushIt, peer } = await bench.connected();
    await publish(pushIt, { toJSON: () => ({ as: "it likes" }) });
    expect(peer.frames.all.map(({ data }) => data)).toEqual([{ as: "it likes" }]);
  });
});

describe("an error about a message", () => {
  it.each<[string, object, RegExp]>([
    ["no channel", { data: 1 }, /needs a channel/],
    ["an id with a quote", { channel: "a", data: 1, uuid: 'x"' }, /uuid of 1 to 64/],
  ])("names the problem: %s", async (_what, message, expected) => {
    const { pushIt } = await bench.connected();
    const error = await new Promise<Error>((resolve) => pushIt.publish(message as PublishRequest, resolve));
    expect(error.message).toMatch(expected);
  });
});
