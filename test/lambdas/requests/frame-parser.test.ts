import { type Reply, DEFAULT_LIMITS, MAX_FRAME_BYTES, Meta, MAX_JSON_DEPTH } from "../../../protocol/index.js";
import {
  type Parsed,
  readFrame,
  readMetaFrame,
  readPublication,
  readSubscription,
  uuidOf,
} from "../../../lambdas/requests/frame-parser.js";
import { nested, padded } from "./frame-parser-fixture.js";

const faultsOf = (parsed: Parsed<unknown>): Reply[] => {
  if ("request" in parsed) throw new Error(`expected faults, got ${JSON.stringify(parsed.request)}`);
  return parsed.faults;
};

const NOT_FRAMES: [string, string | null | undefined][] = [
  ["nothing", undefined],
  ["null", null],
  ["an empty text", ""],
  ["not JSON", "hello"],
  ["cut JSON", '{"uuid":"u1"'],
  ["the JSON null", "null"],
  ["a JSON number", "7"],
  ["a JSON string", '"connect"'],
  ["a JSON list", '[{"action":"connect"}]'],
];

describe("a frame", () => {
  test.each(NOT_FRAMES)("is invalid if it is %s", (_, body) => {
    expect(readFrame(body)).toBeUndefined();
  });

  test("has at most 32 KB, not one byte more", () => {
    expect(readFrame(padded({ uuid: "u1" }, MAX_FRAME_BYTES))).toEqual({ uuid: "u1" });
    expect(readFrame(padded({ uuid: "u1" }, MAX_FRAME_BYTES + 1))).toBeUndefined();
  });

  test("is measured in bytes, not in characters", () => {
    const text = (characters: number) => JSON.stringify({ data: "é".repeat(characters) });
    const most = (MAX_FRAME_BYTES - Buffer.byteLength(text(0))) / 2;
    expect(readFrame(text(Math.floor(most)))).toBeDefined();
    expect(readFrame(text(Math.floor(most) + 1))).toBeUndefined();
  });

  test("is nested at most 256 deep, itself counted", () => {
    expect(readFrame(nested(MAX_JSON_DEPTH))).toBeDefined();
    expect(readFrame(nested(MAX_JSON_DEPTH + 1))).toBeUndefined();
    expect(readFrame(nested(16_000))).toBeUndefined();
  });

  test("is not nested by brackets in its strings", () => {
    const text = `${"[{".repeat(400)}\\"${'"['.repeat(300)}`;
    expect(readFrame(JSON.stringify({ [text]: text }))).toEqual({ [text]: text });
  });

  test("may be wide without being deep", () => {
    expect(readFrame(JSON.stringify({ data: Array.from({ length: 2_000 }, () => ({})) }))).toBeDefined();
  });

  test("with __proto__ does not inherit from it", () => {
    const frame = readFrame('{"__proto__":{"uuid":"u1","data":1,"messages":[]}}');
    expect(uuidOf(frame)).toBeUndefined();
    expect(frame?.["data"]).toBeUndefined();
  });
});

describe("the uuid of a reply", () => {
  test("is the frame's uuid if that is valid", () => {
    expect(uuidOf({ uuid: "u1" })).toBe("u1");
    expect(uuidOf({ uuid: "x".repeat(65) })).toBeUndefined();
    expect(uuidOf({ uuid: 5 })).toBeUndefined();
    expect(uuidOf({})).toBeUndefined();
    expect(uuidOf(undefined)).toBeUndefined();
  });
});

describe.each([Meta.connect, Meta.ping] as const)("a frame to %s", (channel) => {
  test("is read with its uuid, and unknown fields are ignored", () => {
    const read = readMetaFrame(JSON.stringify({ channel, uuid: "u1", agentId: "someone-else", new: 1 }), channel);
    expect(read).toMatchObject({ request: { uuid: "u1" } });
  });

  test.each(NOT_FRAMES)("that is %s is an error", (_, body) => {
    const [fault, ...more] = faultsOf(readMetaFrame(body, channel));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ channel: Meta.error, successful: false, code: "bad_frame" });
    expect(fault).not.toHaveProperty("uuid");
  });

  test("without a uuid gets a /meta/error that says so", () => {
    const [fault] = faultsOf(readMetaFrame(JSON.stringify({ channel }), channel));
    expect(fault).toMatchObject({ channel: Meta.error, code: "bad_frame", error: expect.stringContaining("uuid") });
  });

  test("with a wrong channel gets a /meta/error with its uuid", () => {
    for (const other of [undefined, "stories/5", Meta.subscribe, 7]) {
      const [fault] = faultsOf(readMetaFrame(JSON.stringify({ channel: other, uuid: "u1" }), channel));
      expect(fault).toMatchObject({ channel: Meta.error, uuid: "u1", code: "bad_frame" });
      expect(fault?.error).toContain(channel);
    }
  });
});

describe.each([Meta.subscribe, Meta.unsubscribe] as const)("a frame to %s", (meta) => {
  const read = (data: unknown) =>
    readSubscription(JSON.stringify({ channel: meta, uuid: "u1", data }), meta, DEFAULT_LIMITS);

  test("names one channel, or several", () => {
    expect(read({ channel: "a" })).toEqual({
      request: {
        uuid: "u1",
        channels: ["a"],
        since: new Map(),
        invalidSince: new Set(),
        present: new Map([["a", true]]),
        invalidPresent: new Set(),
      },
    });
    expect(read({ channels: ["a", "b"] })).toMatchObject({ request: { uuid: "u1", channels: ["a", "b"] } });
  });

  test("may say for each channel whether the agent is a member", () => {
    expect(read({ channel: "a", present: false })).toMatchObject({ request: { present: new Map([["a", false]]) } });
    const mixed = [
      { channel: "a", present: false },
      { channel: "b", present: true },
      "c",
      { channel: "c", present: false },
    ];
    expect(read({ channels: mixed })).toMatchObject({
      request: {
        present: new Map([
          ["a", false],
          ["b", true],
          ["c", true],
        ]),
        invalidPresent: new Set(),
      },
    });
    for (const wrong of [null, 0, "false", {}])
      expect(read({ channels: [{ channel: "a", present: wrong }, "b"] })).toMatchObject({
        request: { channels: ["a", "b"], invalidPresent: new Set(["a"]) },
      });
  });

  test("may have a position for each channel", () => {
    const since = { epoch: "e1", offset: 3 };
    expect(read({ channel: "a", since })).toMatchObject({
      request: { uuid: "u1", channels: ["a"], since: new Map([["a", since]]), invalidSince: new Set() },
    });
    expect(read({ channels: [{ channel: "a", since }, "b", { channel: "c" }] })).toMatchObject({
      request: { channels: ["a", "b", "c"], since: new Map([["a", since]]) },
    });
    for (const wrong of [
      1,
      null,
      {},
      { epoch: "e1" },
      { ...since, offset: 1.5 },
      { ...since, offset: -1 },
      { ...since, epoch: "e".repeat(65) },
    ]) {
      const invalidSince = {
        uuid: "u1",
        channels: ["a", "b"],
        since: new Map([["b", since]]),
        invalidSince: new Set(["a"]),
      };
      expect(
        read({
          channels: [
            { channel: "a", since: wrong },
            { channel: "b", since },
          ],
        }),
      ).toMatchObject({ request: invalidSince });
    }
  });

  test("names each channel once", () => {
    expect(read({ channels: ["a", "b", "a"] })).toMatchObject({ request: { uuid: "u1", channels: ["a", "b"] } });
  });

  test("may name invalid channels, which are refused one by one", () => {
    expect(read({ channels: ["", "/meta/x", "a b"] })).toMatchObject({ request: { channels: ["", "/meta/x", "a b"] } });
  });

  test.each([
    ["no data", undefined],
    ["null", null],
    ["a string", "a"],
    ["a list", ["a"]],
    ["no channel", {}],
    ["an empty list", { channels: [] }],
    ["a string instead of a list", { channels: "a" }],
    ["a number among the channels", { channels: ["a", 5] }],
    ["null among the channels", { channels: [null] }],
    ["a number as the channel", { channel: 5 }],
    ["a list in the list", { channels: [["a"]] }],
  ])("with %s must have a data.channel", (_, data) => {
    const [fault, ...more] = faultsOf(read(data));
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ channel: meta, uuid: "u1", successful: false, code: "bad_frame" });
    expect(fault?.error).toContain("data.channel");
  });

  test("names at most 25 channels", () => {
    const channels = Array.from({ length: 26 }, (_, at) => `c${at}`);
    expect(read({ channels: channels.slice(1) })).toMatchObject({ request: { channels: channels.slice(1) } });
    expect(faultsOf(read({ channels }))).toMatchObject([{ channel: meta, uuid: "u1", code: "too_many" }]);
  });

  test("names at most the deployment's limit, with repetitions counted", () => {
    const read = (channels: string[]) =>
      readSubscription(JSON.stringify({ channel: meta, uuid: "u1", data: { channels } }), meta, {
        channelsPerFrame: 2,
      });
    expect(read(["a", "b"])).toHaveProperty("request.channels", ["a", "b"]);
    expect(faultsOf(read(["a", "b", "a"]))).toMatchObject([
      { code: "too_many", error: "A frame may have at most 2 channels." },
    ]);
  });

  test.each(NOT_FRAMES)("that is %s is an error", (_, body) => {
    expect(faultsOf(readSubscription(body, meta, DEFAULT_LIMITS))).toMatchObject([
      { channel: Meta.error, code: "bad_frame" },
    ]);
  });
});

describe("a frame that publishes", () => {
  const read = (frame: object) => readPublication(JSON.stringify({ action: "publish", ...frame }), DEFAULT_LIMITS);
  const message = { channel: "a", uuid: "u1", data: "hello" };

  test("has one message in itself, or several in messages", () => {
    expect(read(message)).toEqual({ request: [{ ...message, echo: true }] });
    const messages = [message, { ...message, uuid: "u2", echo: false }];
    expect(read({ messages })).toEqual({
      request: [
        { ...message, echo: true },
        { ...message, uuid: "u2", echo: false },
      ],
    });
  });

  test.each([null, false, 0, "", [], {}])("may carry %j as its data", (data) => {
    expect(read({ ...message, data })).toMatchObject({ request: [{ data }] });
  });

  // So a frame cannot name an agent.
  test("has channel, uuid, data and echo only", () => {
    const read1 = read({ ...message, agentId: "someone-else", agent: { uuid: "x" }, __proto: 1 });
    expect(read1).toEqual({ request: [{ ...message, echo: true }] });
  });

  test.each([
    ["no channel", { uuid: "u1", data: 1 }],
    ["a number as the channel", { ...message, channel: 7 }],
    ["no data", { channel: "a", uuid: "u1" }],
    ["an echo that is not a boolean", { ...message, echo: "no" }],
    ["a null echo", { ...message, echo: null }],
  ])("with %s gets a /meta/error with the message's uuid", (_, frame) => {
    expect(faultsOf(read(frame))).toMatchObject([{ channel: Meta.error, uuid: "u1", code: "bad_frame" }]);
  });

  test.each([undefined, "", "a b", 7, "x".repeat(65)])("with the uuid %j gets a reply without one", (uuid) => {
    const [fault] = faultsOf(read({ ...message, uuid }));
    expect(fault).toMatchObject({ channel: Meta.error, code: "bad_frame", error: expect.stringContaining("uuid") });
    expect(fault).not.toHaveProperty("uuid");
  });

  test.each([
    ["an empty list", []],
    ["an object", { 0: message }],
    ["null", null],
    ["a string", "hello"],
  ])("whose messages are %s is malformed", (_, messages) => {
    expect(faultsOf(read({ uuid: "frame", messages }))).toMatchObject([{ uuid: "frame", code: "bad_frame" }]);
  });

  test("with one malformed message publishes none, with a reply per message", () => {
    const faults = faultsOf(
      read({ messages: [message, { ...message, uuid: "u2", channel: 7 }, "x", null, { uuid: "u5" }] }),
    );
    expect(faults.map(({ uuid }) => uuid)).toEqual(["u1", "u2", undefined, undefined, "u5"]);
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(["bad_frame"]));
    expect(faults[0]?.error).toContain("Another message");
    expect(faults[1]?.error).toContain("channel");
  });

  // The replies have the messages' uuids, as many as one frame of replies holds.
  test("has at most 25 messages, and each further one is too_many", () => {
    const messages = Array.from({ length: 26 }, (_, at) => ({ ...message, uuid: `u${at}` }));
    expect(read({ messages: messages.slice(1) })).toHaveProperty("request.length", 25);
    const faults = faultsOf(read({ messages }));
    expect(faults).toHaveLength(25);
    expect(faults[3]).toMatchObject({ channel: Meta.error, uuid: "u3", code: "too_many" });
  });

  // Each message gets a reply, so that a client can split the frame.
  test("has at most the deployment's limit of messages", () => {
    const messages = Array.from({ length: 25 }, (_, at) => ({ ...message, uuid: `u${at}` }));
    const read = (count: number) =>
      readPublication(JSON.stringify({ action: "publish", messages: messages.slice(0, count) }), {
        messagesPerFrame: 2,
      });
    expect(read(2)).toHaveProperty("request.length", 2);
    expect(faultsOf(read(3)).map(({ uuid, code }) => `${uuid} ${code}`)).toEqual([
      "u0 too_many",
      "u1 too_many",
      "u2 too_many",
    ]);
    expect(faultsOf(read(25))).toHaveLength(25);
  });

  test.each(NOT_FRAMES)("that is %s is an error", (_, body) => {
    expect(faultsOf(readPublication(body, DEFAULT_LIMITS))).toMatchObject([{ channel: Meta.error, code: "bad_frame" }]);
  });
});
