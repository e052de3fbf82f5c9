// Prints sentences that are not plain English: node scripts/prose/cli.mjs [FOLDER or FILE]...
// With paths, everything below them is checked. Without any, it checks what held.mjs lists.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { problemsOfCode } from "./check-code.mjs";
import { filesBelow, isCode } from "./files.mjs";
import { HELD_CODE, HELD_PAGES } from "./held.mjs";
import { ROOT, finderFor } from "./project.mjs";
import { messageOf, problemsOf } from "./rules.mjs";

const paths = process.argv.slice(2);
const files = filesBelow(ROOT, paths.length > 0 ? paths : [...HELD_CODE, ...HELD_PAGES]);

let count = 0;
for (const file of files) {
  if (!existsSync(join(ROOT, file))) continue;
  const source = readFileSync(join(ROOT, file), "utf8");
  const problems = isCode(file) ? problemsOfCode(source, file, finderFor(file)) : problemsOf(source, finderFor(file));
  for (const problem of problems.sort((a, b) => a.line - b.line))
    console.log(`${file}:${problem.line}: ${messageOf(problem)}`);
  count += problems.length;
}
console.log(`${count} problems in ${files.length} files`);
process.exitCode = count > 0 ? 1 : 0;
