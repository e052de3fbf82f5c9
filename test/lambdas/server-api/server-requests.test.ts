import { readServerRequest } from "../../../lambdas/server-api/server-requests.js";

const read = (value: unknown) => {
  const result = readServerRequest(value);
  if ("error" in result) throw new Error(result.error);
  return result.request;
};
const version = 1;

describe("a publish request", () => {
  test("has entries for channels and for users", () => {
    const publish = [
      { channel: "stories/5", data: null },
      { channel: "stories/5", data: 1, ephemeral: true },
      { userId: "ann", data: { a: [1] }, uuid: "m1", excludeConnectionId: "L0SM9cOFvHcCIhw=" },
    ];
    expect(read({ version, publish })).toEqual({ kind: "publish", entries: publish });
  });

  test("ignores unknown fields", () => {
    const publish = [{ channel: "a", data: 1, echo: false }];
    expect(read({ version, publish, more: 1 })).toEqual({ kind: "publish", entries: [{ channel: "a", data: 1 }] });
  });

  test.each<[entry: unknown, fault: RegExp, uuid: string | undefined]>([
    [null, /object/, undefined],
    [{ data: 1 }, /either a channel or a userId/, undefined],
    [{ channel: "a", userId: "b", data: 1, uuid: "m1" }, /either a channel or a userId/, "m1"],
    [{ channel: 5, data: 1 }, /"channel" must be a string/, undefined],
    [{ userId: "", data: 1 }, /userId/, undefined],
    [{ userId: "x".repeat(129), data: 1 }, /userId/, undefined],
    [{ channel: "a", uuid: "m1" }, /must have data/, "m1"],
    [{ channel: "a", data: 1, uuid: "no spaces" }, /uuid/, undefined],
    [{ channel: "a", data: 1, uuid: "x".repeat(65) }, /uuid/, undefined],
    [{ channel: "a", data: 1, ephemeral: "yes" }, /"ephemeral" must be true or false/, undefined],
    [{ channel: "a", data: 1, excludeConnectionId: "" }, /excludeConnectionId/, undefined],
    [{ channel: "a", data: 1, excludeConnectionId: "new\nline" }, /excludeConnectionId/, undefined],
    [{ channel: "a", data: 1, excludeConnectionId: { connection: { id: "c1" } } }, /excludeConnectionId/, undefined],
  ])("refuses the entry %j and accepts the others", (entry, fault, uuid) => {
    const good = { channel: "a", data: 1 };
    expect(read({ version, publish: [good, entry] })).toEqual({
      kind: "publish",
      entries: [good, { fault: expect.stringMatching(fault), ...(uuid === undefined ? {} : { uuid }) }],
    });
  });

  test("accepts data as deep as a frame's, not deeper", () => {
    const deep = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    const { entries } = read({
      version,
      publish: [256, 257, 100_000].map((depth) => ({ channel: "a", data: deep(depth) })),
    }) as {
      entries: object[];
    };
    expect(entries.map((entry) => "fault" in entry)).toEqual([false, true, true]);
  });

  test("has 1 to 100 entries", () => {
    const entries = (count: number) => Array.from({ length: count }, () => ({ channel: "a", data: 1 }));
    expect(read({ version, publish: entries(100) })).toMatchObject({ kind: "publish" });
    expect(() => read({ version, publish: entries(101) })).toThrow("A request may have at most 100 entries.");
    expect(() => read({ version, publish: [] })).toThrow("at least one");
    expect(() => read({ version, publish: { channel: "a", data: 1 } })).toThrow("a list");
  });
});

describe("a disconnect request", () => {
  test("names a connection or a user, and perhaps a reason", () => {
    expect(read({ version, disconnect: { connectionId: "c1=" } })).toEqual({
      kind: "disconnect",
      target: { connectionId: "c1=" },
    });
    expect(read({ version, disconnect: { userId: "ann" }, reason: "Spam." })).toEqual({
      kind: "disconnect",
      target: { userId: "ann" },
      reason: "Spam.",
    });
  });

  test("has its reason cut to the limit of a reply", () => {
    expect(read({ version, disconnect: { userId: "ann" }, reason: "x".repeat(600) })).toMatchObject({
      reason: "x".repeat(512),
    });
  });
});

describe("an unsubscribe request", () => {
  test.each(["stories/5", "stories/*", "/a"])("can name %s", (channel) => {
    const request = { version, unsubscribe: { userId: "ann" }, channel };
    expect(read(request)).toMatchObject({ kind: "unsubscribe", target: { userId: "ann" }, channel });
  });

  test.each([undefined, 5, "", "*", "/*", "a b", "/meta/user/ann", "/meta/*", "/meta"])("cannot name %j", (channel) => {
    expect(() => read({ version, unsubscribe: { userId: "ann" }, channel })).toThrow('"channel" must be');
  });
});

test.each<[unknown, RegExp]>([
  [undefined, /JSON object/],
  [[], /JSON object/],
  ["publish", /JSON object/],
  [{}, /"version" must be 1/],
  [{ version: "1", publish: [] }, /"version" must be 1/],
  [{ version: 2, publish: [{ channel: "a", data: 1 }] }, /"version" must be 1/],
  [{ version: "0", id: "an EventBridge event", "detail-type": "Object Created" }, /"version" must be 1/],
  [{ version }, /exactly one of publish, history, presence, disconnect, unsubscribe/],
  [{ version, publish: [], disconnect: {} }, /exactly one of/],
  [{ version, presence: {} }, /"presence" must have a channel/],
  [{ version, presence: { channel: "a", after: 1 } }, /"presence" must have a channel/],
  [{ version, disconnect: "c1" }, /either a connectionId or a userId/],
  [{ version, disconnect: {} }, /either a connectionId or a userId/],
  [{ version, disconnect: { connectionId: "c1", userId: "ann" } }, /either a connectionId or a userId/],
  [{ version, disconnect: { connectionId: 5 } }, /connectionId must be/],
  [{ version, disconnect: { connectionId: "../x y" } }, /connectionId must be/],
  [{ version, disconnect: { connectionId: "x".repeat(129) } }, /connectionId must be/],
  [{ version, disconnect: { userId: 5 } }, /userId must be/],
  [{ version, disconnect: { userId: "ann" }, reason: 5 }, /"reason" must be a string/],
  [JSON.parse('{"__proto__":{"version":1,"publish":[{"channel":"a","data":1}]}}'), /version/],
])("%j is refused as a whole", (value, error) => {
  expect(() => read(value)).toThrow(error);
});
