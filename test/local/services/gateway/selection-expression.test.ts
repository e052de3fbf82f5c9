import { selection } from "../../../../local/services/gateway/routes/selection-expression.js";

describe("route selection expression", () => {
  const action = selection("$request.body.action");

  it.each([
    ['{"action":"publish"}', "publish"],
    ['{"action":"","x":1}', ""],
    ['{"action":7}', "7"],
    ['{"action":true}', "true"],
    ['{"action":null}', undefined],
    ['{"action":{"a":1}}', undefined],
    ['{"action":["publish"]}', undefined],
    ['{"Action":"publish"}', undefined],
    ['["action"]', undefined],
    ["hello", undefined],
    ["", undefined],
    ["null", undefined],
    ['{"action":"publish"', undefined],
  ])("finds in %s: %s", (body, value) => expect(action(body)).toBe(value));

  it("sees only what the message itself holds", () => {
    expect(selection("$request.body.constructor.name")('{"action":1}')).toBeUndefined();
    expect(selection("$request.body.toString")("{}")).toBeUndefined();
  });

  it("follows nested fields", () => {
    expect(selection("$request.body.message.kind")('{"message":{"kind":"chat"}}')).toBe("chat");
    expect(selection("$request.body.message.kind")('{"message":"chat"}')).toBeUndefined();
  });

  it("fills templates", () => {
    expect(selection("${request.body.action}")('{"action":"publish"}')).toBe("publish");
    expect(selection("${request.body.area}/${request.body.verb}")('{"area":"a","verb":"b"}')).toBe("a/b");
    expect(selection("${request.body.area}/${request.body.verb}")('{"area":"a"}')).toBeUndefined();
  });

  it.each(["$request.header.action", "action", "", "$context.routeKey", "${request.body.a}-$request.body.b"])(
    "refuses %p, which it could not follow",
    (expression) => expect(() => selection(expression)).toThrow("not supported"),
  );
});
