import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { runCli } from "../../lib/cli.js";
import { chooseSeed } from "../../lib/random.js";
import { CLIENT_FUZZ_HELP, parseClientFuzzArguments } from "./arguments.js";
import { bundleProgram } from "./bundle.js";
import { findingText, jsonLine, summary } from "./report.js";
import { runWalks } from "./run.js";

const ROOT = join(__dirname, "../../..");

const main = async (args: string[]): Promise<void> => {
  const { help, json, options } = parseClientFuzzArguments(args, {
    seed: chooseSeed(),
    workers: availableParallelism(),
  });
  if (help) return void process.stdout.write(CLIENT_FUZZ_HELP);
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  process.stderr.write(`seed ${options.seed}\n`);
  const worker = await bundleProgram(ROOT, "worker", options.client);
  try {
    let told = 0;
    let shown = 0;
    const outcome = await runWalks(worker, options, ({ runs, findings }) => {
      for (const finding of findings.slice(shown))
        process.stderr.write(findingText(finding, options.path !== undefined));
      shown = findings.length;
      if (seconds() - told < 5) return;
      told = seconds();
      process.stderr.write(`${runs} of ${options.runs} walks, ${findings.length} violations, ${Math.round(told)} s\n`);
    });
    process.stdout.write(json ? jsonLine(outcome, seconds()) : summary(outcome, seconds()));
    process.exitCode = outcome.findings.length > 0 ? 1 : 0;
  } finally {
    rmSync(dirname(worker), { recursive: true, force: true });
  }
};

runCli(main);
