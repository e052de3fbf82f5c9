#!/usr/bin/env node
// Shows that no grant is spare: deletes one action, one resource or one statement of the stack's policies at a time
// and runs the test of permissions (test/e2e/permissions.test.ts) without it. Prints a table; ends with 1 if a test
// passes that should have failed. Takes a quarter of an hour; `--statements` deletes whole statements only, in a third of
// the time. Another argument chooses policies by their logical ids: `Publish`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const [filter = ""] = args.filter((arg) => !arg.startsWith("--"));
const onlyStatements = args.includes("--statements");

/** The handlers of guards: there is a guard function for each. */
const HANDLERS = require("../docs/schemas/guard-request.v1.json").properties.guard.enum;

/** What Lambda does in a function's name cannot be refused locally; its test is that of the template. */
const PLATFORM = /^logs:/;

/** The stack that the test runs, as far as policies are about it. */
const synthesize = () => {
  const { App, Stack } = require("aws-cdk-lib");
  const { Code, Function, Runtime } = require("aws-cdk-lib/aws-lambda");
  const { Guards, PushIt } = require(join(root, "dist/infra/index.js"));
  const outdir = mkdtempSync(join(tmpdir(), "push-it-iam-"));
  try {
    const app = new App({ outdir });
    const stack = new Stack(app, "Test");
    const guard = (id) =>
      new Function(stack, id, { runtime: Runtime.NODEJS_24_X, handler: "index.handler", code: Code.fromInline("0") });
    new PushIt(stack, "PushIt", { guards: Guards.fromLambda(Object.fromEntries(HANDLERS.map((handler) => [handler, guard(handler)]))) });
    return app.synth().getStackByName("Test").template;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};

const listOf = (value) => [value].flat();

/** Every single part of the policies that can be deleted, and what it says. */
const places = ({ Resources }) =>
  Object.entries(Resources)
    .filter(([id, { Type }]) => Type === "AWS::IAM::Policy" && id.includes(filter))
    .flatMap(([policy, { Properties }]) =>
      Properties.PolicyDocument.Statement.flatMap(({ Action, Resource }, statement) => {
        const actions = listOf(Action);
        const resources = listOf(Resource);
        const whole = { place: { policy, statement }, says: `${actions.length} × ${resources.length}: ${actions.join(", ")}` };
        const each = actions.length > 1
          ? actions.map((says, action) => ({ place: { policy, statement, action }, says }))
          : resources.map((arn, resource) => ({ place: { policy, statement, resource }, says: `${actions[0]} ${verbOf(arn)}` }));
        return each.length > 1 && !onlyStatements ? [whole, ...each] : [whole];
      }),
    );

/** `POST` of the ARN of one verb on connections. */
const verbOf = (arn) => /\/(POST|GET|DELETE)\/@connections/.exec(JSON.stringify(arn))?.[1] ?? "";

const jest = (args, env = {}) =>
  spawnSync(process.execPath, [require.resolve("jest/bin/jest"), ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });

const test = ({ place, says }) => {
  if (PLATFORM.test(says.replace(/^\d+ × \d+: /, ""))) return "by test/infra/permissions.test.ts only";
  const args = ["test/e2e/permissions.test.ts", "-t", "what they do", "--testTimeout=60000"];
  const { status, stderr } = jest(args, { PUSH_IT_TEST_WITHOUT: JSON.stringify(place) });
  if (status === 0) return "NOT NOTICED";
  const [, denied] = /(\w+ may not \S+) on/.exec(stderr) ?? [];
  return denied ? `fails: ${denied}` : "fails, but not because a call was denied";
};

let unnoticed = 0;
for (const each of places(synthesize())) {
  const result = test(each);
  if (!result.startsWith("fails: ") && !result.startsWith("by ")) unnoticed += 1;
  console.log(`${each.place.policy.padEnd(44)} ${each.says.padEnd(90)} ${result}`);
}
console.log(unnoticed === 0 ? "Nothing can be left out." : `${unnoticed} deletions were not noticed as they should be.`);
process.exitCode = unnoticed === 0 ? 0 : 1;
