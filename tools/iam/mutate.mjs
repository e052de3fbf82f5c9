#!/usr/bin/env node
// Shows that no grant is spare. Deletes one action, one resource or one statement of a stack's policies at a time. Then
// runs the test of permissions that has this stack without it. Permissions of rules to invoke functions are tried too.
// Prints a table for each stack, and its untried grants with the reason. Ends with 1 if a test passes that should have
// failed.
// `--statements` deletes whole statements only: fewer than half as many. `--stack=module,history` takes some of the
// stacks only. Grants that two stacks share are tried in one. Another argument chooses policies by their
// logical ids: `Publish`.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { notAsked, permissionsAsked, reasonFor } from "./grants.mjs";

/** The stacks by name: the test file of each, and the test's name if the file has several. */
const STACKS = {
  functions: { file: "test/e2e/permissions.test.ts" },
  module: { file: "test/e2e/permissions-module.test.ts" },
  ...Object.fromEntries(
    ["plain", "latest", "linger", "history", "presence"].map((name) => [
      name,
      { file: "test/e2e/permissions-options.test.ts", test: `nothing but ${name}` },
    ]),
  ),
};

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const [filter = ""] = args.filter((arg) => !arg.startsWith("--"));
const onlyStatements = args.includes("--statements");
const wanted =
  args
    .find((arg) => arg.startsWith("--stack="))
    ?.slice("--stack=".length)
    .split(",") ?? Object.keys(STACKS);
const unknown = wanted.filter((name) => !(name in STACKS));
if (unknown.length > 0) {
  console.error(`There is no stack ${unknown.join(", ")}; there are ${Object.keys(STACKS).join(", ")}.`);
  process.exit(1);
}

/** Parallel tests. */
const AT_ONCE = 2;

const run = ({ file, test }, env) =>
  new Promise((resolve, reject) => {
    const args = [require.resolve("jest/bin/jest"), file, ...(test ? ["-t", test] : []), "--testTimeout=120000"];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.once("error", reject).once("close", (status) => resolve({ status, stderr }));
  });

/** The complete template of a test, which must pass with it. */
const templateOf = async (stack) => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-iam-"));
  const file = join(folder, "template.json");
  try {
    const { status, stderr } = await run(stack, { PUSH_IT_TEST_TEMPLATE: file });
    if (status !== 0) throw new Error(`The test fails although nothing is missing.\n${stderr}`);
    return JSON.parse(readFileSync(file, "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const listOf = (value) => [value].flat();

/** Every deletable part of the roles' policies. */
const grantsIn = ({ Resources }) =>
  Object.entries(Resources)
    .filter(([, { Type }]) => Type === "AWS::IAM::Policy")
    .flatMap(([id, { Properties }]) =>
      Properties.PolicyDocument.Statement.flatMap((expected, statement) => {
        const actions = listOf(expected.Action);
        const resources = listOf(expected.Resource);
        const place = { id, statement, expected };
        const targets = [...new Set(resources.map(nameOf))].join(", ");
        const whole = { place, actions, isWhole: true, description: `${actions.join(", ")} on ${targets}` };
        const each =
          actions.length > 1
            ? actions.map((name, action) => ({
                place: { ...place, action },
                actions: [name],
                description: `${name} on ${targets}`,
              }))
            : resources.map((arn, resource) => ({
                place: { ...place, resource },
                actions,
                description: `${actions[0]} on ${nameOf(arn)}`,
              }));
        return each.length > 1 && !onlyStatements ? [whole, ...each] : [whole];
      }),
    );

/** The permissions of rules to invoke functions. */
const permissionsIn = (template) =>
  permissionsAsked(template).map((id) => {
    const { Action, FunctionName } = template.Resources[id].Properties;
    return {
      place: { id, type: "AWS::Lambda::Permission" },
      actions: [Action],
      isWhole: true,
      description: `${Action} on ${nameOf(FunctionName)} for a rule`,
    };
  });

/** A resource's logical id, or the verb on connections. */
const nameOf = (arn) => {
  const text = JSON.stringify(arn);
  const [, verb] = /\/(POST|GET|DELETE)\/@connections/.exec(text) ?? [];
  const [, id] = /"(?:Fn::GetAtt":\["|Ref":")(\w+)/.exec(text) ?? [];
  return verb ?? id ?? text;
};

const OTHERWISE = "fails, but not because a call was denied";

/** The owner of a policy, and the denied function or role, without unique suffixes. */
const ownerOf = (policy) => policy.replace(/(Role)?DefaultPolicy[0-9A-F]{8}$/, "");
const refusedOf = (id) => id.replace(/(Function)?[0-9A-F]{8}$/, "");

/** Whether the test notices the missing grant: the owner of the policy is denied that action. */
const notices = async (stack, { place, actions }) => {
  const { status, stderr } = await run(stack, { PUSH_IT_TEST_WITHOUT: JSON.stringify(place) });
  if (status === 0) return { noticed: false, result: "NOT NOTICED" };
  if (place.type) {
    const [result] = /\w+ could not run \w+/.exec(stderr) ?? [];
    return result && stderr.includes(`has no ${place.type}`)
      ? { noticed: true, result }
      : { noticed: false, result: OTHERWISE };
  }
  const [, id, action] = /(\w+) may not (\S+) on/.exec(stderr) ?? [];
  if (id === undefined) return { noticed: false, result: OTHERWISE };
  const result = `${id} may not ${action}`;
  const isIts = ownerOf(place.id) === refusedOf(id) && actions.includes(action);
  return isIts ? { noticed: true, result } : { noticed: false, result: `fails, but because ${result}` };
};

/** Why tests cannot use a part's grants; `undefined`: they can. */
const reasonOf = ({ actions }) => {
  const reasons = actions.map(reasonFor);
  return reasons.every(Boolean) ? reasons[0] : undefined;
};

/** The tried parts, and their stacks. */
const triedIn = new Map();

/**
 * The stack in which the same part was tried. It is not tried again: the stack's own test already fails for unused
 * grants.
 */
const sameIn = ({ place }) => triedIn.get(textOf(place));
const textOf = (place) => JSON.stringify({ ...place, statement: undefined });

/** Tries and prints the parts of one stack that no other stack has. */
const tryStack = async (name, stack) => {
  console.log(`\n${name}: ${stack.file}${stack.test ? `, ${stack.test}` : ""}`);
  const template = await templateOf(stack);
  const tries = [...grantsIn(template), ...permissionsIn(template)].filter(({ place }) => place.id.includes(filter));
  for (const each of tries) each.reason = reasonOf(each) ?? (sameIn(each) && `the same as in ${sameIn(each)}`);
  const left = tries.filter(({ reason }) => !reason);
  for (const { place } of left) triedIn.set(textOf(place), name);
  const queue = [...left];
  const work = async () => {
    for (let each = queue.shift(); each; each = queue.shift()) {
      let outcome = await notices(stack, each);
      // On a busy machine a test may time out before it reaches the missing grant.
      if (!outcome.noticed && outcome.result === OTHERWISE) outcome = await notices(stack, each);
      each.outcome = outcome;
      console.log(`${each.place.id.padEnd(44)} ${each.description.padEnd(110)} ${outcome.result}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const others = filter === "" ? notAsked(template) : new Map();
  report(name, tries, others);
  return { tries, others };
};

const report = (name, tries, others) => {
  const count = (title, of) => {
    const all = tries.filter(of);
    const tried = all.filter(({ outcome }) => outcome);
    console.log(
      `${name}: ${title}: ${all.length}, tried: ${tried.length}, noticed: ${tried.filter(({ outcome }) => outcome.noticed).length}`,
    );
  };
  count("statements", ({ isWhole }) => isWhole);
  if (!onlyStatements) count("single actions and resources", ({ isWhole }) => !isWhole);
  for (const [reason, times] of [...countsOf(tries.map((each) => each.reason).filter(Boolean)), ...others]) {
    console.log(`${name}: not tried: ${times} × ${reason}`);
  }
};

const countsOf = (texts) => {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
};

const done = [];
for (const name of wanted) done.push(await tryStack(name, STACKS[name]));

const all = done.flatMap(({ tries }) => tries);
const others = new Map();
for (const [reason, times] of done.flatMap((each) => [...each.others]))
  others.set(reason, (others.get(reason) ?? 0) + times);
console.log(`\n${wanted.join(", ")}`);
report("all", all, others);
const tried = all.filter(({ outcome }) => outcome);
const unnoticed = tried.filter(({ outcome }) => !outcome.noticed);
for (const { place, description } of unnoticed) console.log(`Not noticed as it should be: ${place.id} ${description}`);
if (tried.length === 0) console.log(`Nothing was tried: no policy is called ${filter}.`);
process.exitCode = unnoticed.length === 0 && tried.length > 0 ? 0 : 1;
