#!/usr/bin/env node
// Shows that no grant is spare: deletes one action, one resource or one statement of the stack's policies at a time
// and runs the test of permissions (test/e2e/permissions.test.ts) without it. Prints a table; ends with 1 if a test
// passes that should have failed. `--statements` deletes whole statements only: fewer than half as many. Another
// argument chooses policies by their logical ids: `Publish`.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reasonFor } from "./grants.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const [filter = ""] = args.filter((arg) => !arg.startsWith("--"));
const onlyStatements = args.includes("--statements");

/** How many tests run at once. */
const AT_ONCE = 2;

const test = (env) =>
  new Promise((resolve, reject) => {
    const args = [require.resolve("jest/bin/jest"), "test/e2e/permissions.test.ts", "--testTimeout=120000"];
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.once("error", reject).once("close", (status) => resolve({ status, stderr }));
  });

/** The stack that the test runs, of which nothing is missing: it says so itself, and has to pass. */
const templateOfTest = async () => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-iam-"));
  const file = join(folder, "template.json");
  try {
    const { status, stderr } = await test({ PUSH_IT_TEST_TEMPLATE: file });
    if (status !== 0) throw new Error(`The test fails although nothing is missing.\n${stderr}`);
    return JSON.parse(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const listOf = (value) => [value].flat();

/** Every single part of the policies that can be deleted, and what it says. */
const places = ({ Resources }) =>
  Object.entries(Resources)
    .filter(([id, { Type }]) => Type === "AWS::IAM::Policy" && id.includes(filter))
    .flatMap(([policy, { Properties }]) =>
      Properties.PolicyDocument.Statement.flatMap((expected, statement) => {
        const actions = listOf(expected.Action);
        const resources = listOf(expected.Resource);
        const place = { policy, statement, expected };
        const targets = [...new Set(resources.map(nameOf))].join(", ");
        const whole = { place, actions, isWhole: true, says: `${actions.join(", ")} on ${targets}` };
        const each = actions.length > 1
          ? actions.map((says, action) => ({ place: { ...place, action }, actions: [says], says: `${says} on ${targets}` }))
          : resources.map((arn, resource) => ({ place: { ...place, resource }, actions, says: `${actions[0]} on ${nameOf(arn)}` }));
        return each.length > 1 && !onlyStatements ? [whole, ...each] : [whole];
      }),
    );

/** A resource's logical id, or the verb on connections. */
const nameOf = (arn) => {
  const text = JSON.stringify(arn);
  const [, verb] = /\/(POST|GET|DELETE)\/@connections/.exec(text) ?? [];
  const [, id] = /"(?:Fn::GetAtt":\["|Ref":")(\w+)/.exec(text) ?? [];
  return verb ?? id ?? text;
};

const OTHERWISE = "fails, but not because a call was denied";

/** Whether the test notices that something is missing: that a function is refused what its own policy does not say any more. */
const notices = async ({ place, actions }) => {
  const { status, stderr } = await test({ PUSH_IT_TEST_WITHOUT: JSON.stringify(place) });
  if (status === 0) return { noticed: false, result: "NOT NOTICED" };
  const [, id, action] = /(\w+) may not (\S+) on/.exec(stderr) ?? [];
  if (id === undefined) return { noticed: false, result: OTHERWISE };
  const result = `${id} may not ${action}`;
  const isIts = place.policy.startsWith(`${id.replace(/Function[0-9A-F]{8}$/, "")}Role`) && actions.includes(action);
  return isIts ? { noticed: true, result } : { noticed: false, result: `fails, but because ${result}` };
};

const tries = places(await templateOfTest());
const reasons = new Map(tries.map((each) => [each, each.actions.map(reasonFor).find(Boolean)]));
const left = tries.filter((each) => !reasons.get(each));
const results = new Map();

const work = async (queue) => {
  for (let each = queue.shift(); each; each = queue.shift()) {
    let outcome = await notices(each);
    // A busy machine may let a test wait too long before it comes to what is missing.
    if (!outcome.noticed && outcome.result === OTHERWISE) outcome = await notices(each);
    results.set(each, outcome);
    console.log(`${each.place.policy.padEnd(44)} ${each.says.padEnd(110)} ${outcome.result}`);
  }
};
const queue = [...left];
await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue)));

const count = (title, of) => {
  const all = tries.filter(of);
  const tried = all.filter((each) => results.has(each));
  const noticed = tried.filter((each) => results.get(each).noticed);
  console.log(`${title}: ${all.length}, tried: ${tried.length}, noticed: ${noticed.length}`);
};
count("Statements", ({ isWhole }) => isWhole);
if (!onlyStatements) count("Single actions and resources", ({ isWhole }) => !isWhole);
for (const reason of new Set([...reasons.values()].filter(Boolean))) {
  console.log(`Not tried: ${tries.filter((each) => reasons.get(each) === reason).length} × ${reason}`);
}
const unnoticed = left.filter((each) => !results.get(each).noticed);
for (const { place, says } of unnoticed) console.log(`Not noticed as it should be: ${place.policy} ${says}`);
if (left.length === 0) console.log(`Nothing was tried: no policy is called ${filter}.`);
process.exitCode = unnoticed.length === 0 && left.length > 0 ? 0 : 1;
