import { randomInt } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../../local/core/user-error.js";
import { FUZZ_HELP, parseFuzzArguments } from "./arguments.js";
import { fuzz } from "./fuzz.js";
import { jsonLine, progressOn, summary, violationText } from "./report.js";

const ROOT = join(__dirname, "../..");
const MAX_CHOSEN_SEED = 1_000_000;

const main = async (args: string[]): Promise<void> => {
  const { help, json, options } = parseFuzzArguments(args, randomInt(MAX_CHOSEN_SEED));
  if (help) return void process.stdout.write(FUZZ_HELP);
  const begun = performance.now();
  process.stderr.write(`seed ${options.seed}\n`);
  const outcome = await fuzz(ROOT, options, progressOn(process.stderr, options.runs));
  for (const violation of outcome.violations) process.stderr.write(violationText(violation));
  process.stdout.write(json ? jsonLine(outcome) : summary(outcome, options.seed, (performance.now() - begun) / 1000));
  process.exitCode = outcome.violations.length > 0 ? 1 : 0;
};

main(process.argv.slice(2)).catch((error: unknown) => {
  const text =
    error instanceof UserError ? [error.message, error.next].filter(Boolean).join("\n") : (error as Error).stack;
  process.stderr.write(`✗ ${text ?? String(error)}\n`);
  process.exitCode = 1;
});
