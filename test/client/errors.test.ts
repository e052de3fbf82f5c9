import { PushItError, type RequestCode } from "../../client/src/errors.js";

describe("PushItError", () => {
  it("is an error with code, reason, channel and uuid", () => {
    const error = new PushItError("denied", "Members only.", { channel: "stories/5", uuid: "uuid" });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: "PushItError",
      code: "denied",
      message: "Members only.",
      channel: "stories/5",
      uuid: "uuid",
    });
  });

  it("has its code as the message if there is no reason", () => {
    expect(new PushItError("closed").message).toBe("closed");
    expect(new PushItError("denied", "").message).toBe("denied");
  });

  it.each<[RequestCode, boolean]>([
    ["timeout", true],
    ["closed", true],
    ["internal", true],
    ["throttled", true],
    ["queue_full", true],
    ["guard_timeout", true],
    ["guard_failed", true],
    ["unavailable", true],
    ["unknown_agent", true],
    ["expired", true],
    ["rate_limited", true],
    ["channel_busy", true],
    ["revoked", false],
    ["too_many_subscriptions", false],
    ["too_many_agents", false],
    ["bad_origin", false],
    ["denied", false],
    ["bad_frame", false],
    ["bad_channel", false],
    ["reserved_channel", false],
    ["wildcard", false],
    ["too_many", false],
    ["too_large", false],
    ["unknown_action", false],
    ["superseded", false],
    ["credentials_too_large", false],
    ["uuid_reused", false],
    ["no_history", false],
    ["no_presence", false],
    ["bad_position", false],
  ])("%s: retryable is %s, as in PROTOCOL.md", (code, retryable) => {
    expect(new PushItError(code).retryable).toBe(retryable);
  });

  it("with a code of a newer server is not retryable", () => {
    expect(new PushItError("invented_later" as RequestCode).retryable).toBe(false);
  });
});
