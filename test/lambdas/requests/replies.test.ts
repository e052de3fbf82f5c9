import {
  type Reply,
  MAX_FRAME_BYTES,
  MAX_MESSAGES_PER_FRAME,
  Meta,
  MAX_RESULT_BYTES,
} from "../../../protocol/index.js";
import { denial, connectionInfo, failure, encodeReplies, success } from "../../../lambdas/requests/replies.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { agentOf } from "../support/fakes.js";

describe("a reply", () => {
  test("that fails has a code for programs and a text for people", () => {
    expect(failure(Meta.error, "u1", "bad_channel")).toEqual({
      channel: "/meta/error",
      uuid: "u1",
      successful: false,
      code: "bad_channel",
      error: expect.stringMatching(/\w+/),
    });
    expect(failure(Meta.error, "u1", "denied", "Not you.").error).toBe("Not you.");
  });

  test("has no uuid if the request had none", () => {
    expect(failure(Meta.error, undefined, "bad_frame")).not.toHaveProperty("uuid");
  });

  test("that succeeds has data only if there is some, even null", () => {
    expect(success(Meta.successful, "u1")).toEqual({ channel: "/meta/successful", uuid: "u1", successful: true });
    expect(success(Meta.successful, "u1", null)).toHaveProperty("data", null);
  });

  test("to a denied connection is on /meta/connect with the guard's reason", () => {
    expect(denial("u1", { code: "denied", reason: "No entry." })).toEqual({
      channel: "/meta/connect",
      uuid: "u1",
      successful: false,
      code: "denied",
      error: "No entry.",
    });
  });
});

describe("a frame of replies", () => {
  const answer = (uuid: string): Reply => success(Meta.successful, uuid);

  test("is one object for one reply, and a list for several", () => {
    expect(JSON.parse(encodeReplies([answer("a")]))).toEqual(answer("a"));
    expect(JSON.parse(encodeReplies([answer("a"), answer("b")]))).toEqual([answer("a"), answer("b")]);
  });

  test("never exceeds 32 KB, and has the first replies that fit", () => {
    const many = Array.from({ length: 100 }, (_, at) =>
      success(Meta.subscribe, `u${at}`, { channel: "x".repeat(1_000) }),
    );
    const frame = encodeReplies(many);
    expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(MAX_FRAME_BYTES);
    const info = JSON.parse(frame) as Reply[];
    expect(info.length).toBeGreaterThan(25);
    expect(info).toEqual(many.slice(0, info.length));
  });

  test("has room for a full publish frame with the largest results", () => {
    const full = Array.from({ length: MAX_MESSAGES_PER_FRAME }, () =>
      success(Meta.successful, "u".repeat(64), "r".repeat(MAX_RESULT_BYTES - 2)),
    );
    expect(Buffer.byteLength(encodeReplies(full))).toBeLessThanOrEqual(MAX_FRAME_BYTES);
  });
});

// It does not have the agent's credentials.
test("the connection info has the agent's id, timeouts and limits only", () => {
  const info = connectionInfo(agentOf("c1", { credentials: { token: "s3cret" } }), DEFAULT_SETTINGS, 1_000);
  expect(info).toEqual({
    agent: "uuid-of-c1",
    timeouts: DEFAULT_SETTINGS.timeouts,
    limits: { ...DEFAULT_SETTINGS.limits, frameBytes: 32_768 },
    heartbeats: true,
  });
});

test("the connection info has the user id that the guard set", () => {
  expect(connectionInfo(agentOf("c1", { userId: "ada" }), DEFAULT_SETTINGS, 1_000)).toMatchObject({ userId: "ada" });
});

test("the connection info of an expiring agent has its remaining time", () => {
  expect(connectionInfo(agentOf("c1", { expiresAt: 61_000 }), DEFAULT_SETTINGS, 1_000)).toMatchObject({
    expiresInMs: 60_000,
  });
});
