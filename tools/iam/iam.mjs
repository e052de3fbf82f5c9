#!/usr/bin/env node
// Runs the end-to-end tests while the local runtime records grants and calls. Lists denied calls and unused grants.
// Exits with 1 if there is a denied call or an unjustified grant. Further arguments go to jest: `npm run iam --
// test/e2e/permissions` runs only these tests.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JUSTIFIED, reasonFor, textOf } from "./grants.mjs";

/** Roles of tests that make forbidden calls on purpose (test/e2e/publisher.test.ts, test/e2e/events.test.ts). */
const DENIED_ON_PURPOSE = /^(Stranger|BackEnd|WithoutSdk|Half)[0-9A-F]{8}$/;

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "push-it-iam-"));
const file = join(folder, "permissions.jsonl");

const run = () => {
  const args = process.argv.slice(2);
  // Jest runs files that match any of its patterns.
  const all = args.some((arg) => !arg.startsWith("-")) ? [] : ["test/e2e"];
  const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
  const env = { ...process.env, PUSH_IT_IAM_LOG: file };
  return spawnSync(process.execPath, [jest, ...all, ...args], { cwd: root, stdio: ["ignore", 2, 2], env });
};

const readLines = () =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

const distinct = (lines) => [...new Map(lines.map((line) => [textOf(line), line])).values()];

const print = (title, lines) => {
  console.log(`${title}: ${lines.length || "none"}`);
  for (const line of lines) console.log(`  ${line}`);
};

try {
  const { status } = run();
  const lines = readLines();
  const of = (kind) => distinct(lines.filter((line) => line.kind === kind));
  const used = new Set(of("used").map(textOf));
  const unused = of("granted").filter((line) => !used.has(textOf(line)));
  const justified = JUSTIFIED.map(({ reason }) => [reason, unused.filter((line) => reasonFor(line.action) === reason)]);
  const unjustified = unused.filter((line) => !reasonFor(line.action)).map(textOf);
  const all = of("denied");
  const denied = all.filter((line) => !DENIED_ON_PURPOSE.test(line.function)).map(textOf);
  print("Denied calls", denied);
  print(
    "Denied to roles that ask for it on purpose",
    all.filter((line) => DENIED_ON_PURPOSE.test(line.function)).map(textOf),
  );
  print("Unused grants without a justification", unjustified);
  print(
    "Unused grants with one",
    justified.filter(([, grants]) => grants.length > 0).map(([reason, grants]) => `${grants.length} × ${reason}`),
  );
  console.log(`Grants: ${of("granted").length}, used: ${used.size}`);
  if (status !== 0) console.log("The tests failed.");
  process.exitCode = status === 0 && denied.length === 0 && unjustified.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
