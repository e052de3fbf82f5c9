import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runsGuards } from "../../../../local/dev/app/guards.js";
import { newFolder, removeFolders } from "../../assembly/support.js";
import { fn } from "../../services/lambda/invoke/support.js";

afterEach(removeFolders);

test("only the construct's own functions with a guard worker run --guards", () => {
  const code = newFolder();
  expect(runsGuards(fn("Fn", { code }))).toBe(false);
  writeFileSync(join(code, "guard-worker.mjs"), "");
  expect(runsGuards(fn("Fn", { code }))).toBe(true);
  expect(runsGuards(fn("Fn", { code, external: true }))).toBe(false);
});
