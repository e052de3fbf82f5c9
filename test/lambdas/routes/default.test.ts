import { unknownActionReply } from "../../../lambdas/routes/default.js";

test.each([
  ["hello", "bad_frame"],
  ["", "bad_frame"],
  [undefined, "bad_frame"],
  ["[]", "bad_frame"],
  ["{}", "bad_frame"],
  ['{"action":7,"uuid":"u1"}', "bad_frame"],
  ['{"action":"fly","uuid":"u1"}', "unknown_action"],
  ['{"action":"","uuid":"u1"}', "unknown_action"],
])("a frame without a route gets an error: %s", (body, code) => {
  const answer = unknownActionReply(body);
  expect(answer).toMatchObject({ channel: "/meta/error", successful: false, code });
  expect(answer.uuid).toBe(body?.includes("u1") ? "u1" : undefined);
});

test("a frame to an unknown /meta/… gets an error", () => {
  expect(unknownActionReply('{"channel":"/meta/whatever","uuid":"u1","data":{}}')).toMatchObject({
    uuid: "u1",
    code: "bad_frame",
  });
});
