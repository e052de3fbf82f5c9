import { DEFAULT_LIMITS, MAX_FRAME_BYTES, Meta, MAX_JSON_DEPTH } from "../../../protocol/index.js";
import { readFrame, readMetaFrame, readPublication, uuidOf } from "../../../lambdas/requests/frame-parser.js";
import { faultsOf, NOT_FRAMES, nested, padded } from "./frame-parser-fixture.js";

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
  test("has channel, uuid, data, echo and ephemeral only", () => {
    const read1 = read({ ...message, agentId: "someone-else", agent: { uuid: "x" }, __proto: 1 });
    expect(read1).toEqual({ request: [{ ...message, echo: true }] });
    const ephemeral = [true, false].map((each) => read({ ...message, ephemeral: each }));
    expect(ephemeral).toEqual([
      { request: [{ ...message, echo: true, ephemeral: true }] },
      { request: [{ ...message, echo: true }] },
    ]);
  });

  test.each([
    ["no channel", { uuid: "u1", data: 1 }],
    ["a number as the channel", { ...message, channel: 7 }],
    ["no data", { channel: "a", uuid: "u1" }],
    ["an echo that is not a boolean", { ...message, echo: "no" }],
    ["a null echo", { ...message, echo: null }],
    ["an ephemeral that is not a boolean", { ...message, ephemeral: 1 }],
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
