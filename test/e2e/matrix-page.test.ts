import { readFileSync } from "node:fs";
import { PAGE, pageWithMatrix } from "./matrix/page.js";

test("docs/GUARDS.md shows the tested matrix (update: npm run docs:matrix)", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(pageWithMatrix());
});
