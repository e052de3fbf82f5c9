#!/usr/bin/env node
// Deploys the example under a name of its own, checks it, measures it, removes it in any case, and writes a report.
// - `--stack NAME`: deploys the example as this stack; takes AWS credentials that can deploy CDK apps.
// - `--url URL`: verifies the deployment there instead; deploys nothing and removes nothing.
// - `--out FOLDER`: the folder for DATE.json and badge.json (default docs/verified).
//
// Ends with 0 if no check failed, else with 1. docs/VERIFYING.md says how to run it in GitHub Actions.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Exit status of `push-it-cli check`: all passed; no check failed, but some were not tried. */
const PASSED = 0;
const NOT_TRIED = 3;
/** A load that costs less than 0.01 USD. */
const LOAD = ["--subscribers", "5", "--rate", "5", "--seconds", "10"];

/** Runs a command to its end; what it prints goes to stderr, and its standard output is given back as well. */
const run = (command, args) => {
  const { status, error, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  process.stderr.write(stdout);
  return { status, stdout };
};

const must = (command, args) => {
  const { status, stdout } = run(command, args);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
  return stdout;
};

const cdk = (stack, ...args) => must("npx", ["cdk", ...args, "-c", `name=${stack}`]);

/** Deploys the stack; gives its outputs. */
const deploy = (stack) => {
  const folder = mkdtempSync(join(tmpdir(), "push-it-outputs-"));
  try {
    const file = join(folder, "outputs.json");
    cdk(stack, "deploy", stack, "--require-approval", "never", "--outputs-file", file);
    const { Url: url, Publisher: publisher } = JSON.parse(readFileSync(file, "utf8"))[stack];
    return { url, publisher };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** Checks and measures the deployment; returns the report. */
const verify = ({ url, publisher }) => {
  const cli = [join(root, "local/dist/cli.js"), "check", "--url", url, "--json"];
  const { status, stdout } = run(process.execPath, publisher === undefined ? cli : [...cli, "--publisher", publisher]);
  if (stdout.trim() === "") throw new Error(`push-it-cli check ended with ${status} and without a report`);
  const check = JSON.parse(stdout);
  const bench = JSON.parse(must("npx", ["tsx", "tools/bench/cli.ts", "aws", "--url", url, ...LOAD, "--json"]));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    version: 1,
    package: version,
    date: new Date().toISOString(),
    passed: status === PASSED || status === NOT_TRIED,
    check,
    bench,
  };
};

/** For a badge of shields.io. @see https://shields.io/badges/endpoint-badge */
const badgeOf = ({ passed, check, date }) => {
  const count = check.checks.filter(({ outcome }) => outcome === "passed").length;
  const message = passed ? `${count} checks passed, ${date.slice(0, 10)}` : `failed, ${date.slice(0, 10)}`;
  return { schemaVersion: 1, label: "verified on AWS", message, color: passed ? "brightgreen" : "red" };
};

const main = () => {
  const { values } = parseArgs({
    options: {
      stack: { type: "string" },
      url: { type: "string" },
      out: { type: "string", default: join(root, "docs/verified") },
    },
  });
  const { stack, url, out } = values;
  if ((stack === undefined) === (url === undefined)) throw new Error("Give either --stack NAME or --url URL.");
  let report;
  try {
    report = verify(stack === undefined ? { url } : deploy(stack));
  } finally {
    if (stack !== undefined) cdk(stack, "destroy", stack, "--force");
  }
  mkdirSync(out, { recursive: true });
  const put = (name, value) => writeFileSync(join(out, name), `${JSON.stringify(value, null, 2)}\n`);
  put(`${report.date.slice(0, 10)}.json`, report);
  put("badge.json", badgeOf(report));
  if (!report.passed) process.exitCode = 1;
};

try {
  main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
