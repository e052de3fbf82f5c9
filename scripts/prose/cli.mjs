// Prints sentences that are not plain English: node scripts/prose/cli.mjs [FOLDER or FILE]...
// With paths, everything below them is checked. Without any, it checks the pages that held.mjs lists, and all spelling:
// the rest of the code is ESLint's, which has the same rules.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { problemsOfCode } from "./check-code.mjs";
import { filesBelow, isCode, newestSection } from "./files.mjs";
import { HELD_PAGES } from "./held.mjs";
import { ROOT, finderFor } from "./project.mjs";
import { messageOf, problemsOf } from "./rules.mjs";
import { misspellings } from "./spelling.mjs";

const paths = process.argv.slice(2);
const existing = (below) => filesBelow(ROOT, below).filter((file) => existsSync(join(ROOT, file)));
const files = existing(paths);

const problemsOfFile = (file) => {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (isCode(file)) return problemsOfCode(source, file, finderFor(file));
  return problemsOf(file === "CHANGELOG.md" ? newestSection(source) : source, finderFor(file));
};

const checked = paths.length > 0 ? files : existing(HELD_PAGES);
const problems = [
  ...checked.flatMap((file) => problemsOfFile(file).map((problem) => ({ file, ...problem }))),
  ...(await misspellings(ROOT, files)),
];
const order = new Map(files.map((file, index) => [file, index]));
problems.sort((a, b) => order.get(a.file) - order.get(b.file) || a.line - b.line);
for (const problem of problems) console.log(`${problem.file}:${problem.line}: ${messageOf(problem)}`);
console.log(`${problems.length} problems in ${files.length} files`);
process.exitCode = problems.length > 0 ? 1 : 0;
