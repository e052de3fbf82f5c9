import { jsonDepth } from "../../../lambdas/requests/json-depth.js";

test.each([
  [1, 0],
  [null, 0],
  ["[[", 0],
  [[], 1],
  [{ a: [] }, 2],
  [[1, { a: { b: [] } }, []], 4],
])("the depth of %j is %i", (value, depth) => expect(jsonDepth(value)).toBe(depth));

test("the depth is found even if recursion would overflow the stack", () => {
  let value: unknown = 1;
  for (let at = 0; at < 200_000; at += 1) value = [value];
  expect(jsonDepth(value)).toBe(200_000);
});
