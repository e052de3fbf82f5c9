import { readFileSync } from "node:fs";
import { PAGE, pageWithMatrix } from "./matrix/page.js";

test("docs/GUARDS.md shows the matrix that the tests try (npm run docs:matrix writes it)", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(pageWithMatrix());
});
