import { join } from "node:path";
import { runCli } from "../lib/cli.js";
import { createProgress } from "../lib/progress.js";
import { chooseSeed } from "../lib/random.js";
import { CHAOS_HELP, parseChaosArguments } from "./arguments.js";
import { chaos } from "./chaos.js";
import { failureText, failuresOf, jsonLine, summary } from "./report.js";

const ROOT = join(__dirname, "../..");

const main = async (args: string[]): Promise<void> => {
  const { help, json, options } = parseChaosArguments(args, chooseSeed());
  if (help) return void process.stdout.write(CHAOS_HELP);
  const begun = performance.now();
  process.stderr.write(`seed ${options.seed}\n`);
  const phase = (what: string): void =>
    void process.stderr.write(`${what}: after ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
  const outcome = await chaos(ROOT, options, { published: createProgress(process.stderr, options.messages), phase });
  const text = summary(outcome, options, (performance.now() - begun) / 1000);
  (json ? process.stderr : process.stdout).write(text);
  if (json) process.stdout.write(jsonLine(outcome));
  if (failuresOf(outcome, options).length === 0) return;
  process.stderr.write(failureText(outcome, options));
  process.exitCode = 1;
};

runCli(main);
