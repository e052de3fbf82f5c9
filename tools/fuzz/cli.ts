import { join } from "node:path";
import { runCli } from "../lib/cli.js";
import { createProgress } from "../lib/progress.js";
import { chooseSeed } from "../lib/random.js";
import { FUZZ_HELP, parseFuzzArguments } from "./arguments.js";
import { fuzz } from "./fuzz.js";
import { jsonLine, summary, violationText } from "./report.js";

const ROOT = join(__dirname, "../..");

const main = async (args: string[]): Promise<void> => {
  const { help, json, options } = parseFuzzArguments(args, chooseSeed());
  if (help) return void process.stdout.write(FUZZ_HELP);
  const begun = performance.now();
  process.stderr.write(`seed ${options.seed}\n`);
  const outcome = await fuzz(ROOT, options, createProgress(process.stderr, options.runs));
  for (const violation of outcome.violations) process.stderr.write(violationText(violation));
  process.stdout.write(json ? jsonLine(outcome) : summary(outcome, options.seed, (performance.now() - begun) / 1000));
  process.exitCode = outcome.violations.length > 0 ? 1 : 0;
};

runCli(main);
