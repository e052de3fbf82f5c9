// Reintroduces former faults of the SDK one at a time, and checks that the model finds each: `npm run
// fuzz:client:mutate`.
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { ClientFuzzOptions } from "./arguments.js";
import { bundleProgram } from "./bundle.js";
import { mutated } from "./mutant.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutations.js";
import type { Violation } from "./oracle/oracle.js";
import { findingText } from "./report.js";
import { runWalks, type RunOutcome } from "./run.js";

const ROOT = join(__dirname, "../../..");

/** Maximum walks to find a fault, and walks in which the unchanged SDK must have no violation. */
const MAX_RUNS = 20_000;
const CONTROL_RUNS = 200;

const SEED = 1;

/** Maximum printed length of a violation. */
const MAX_LINE_LENGTH = 160;

/** The folders of the bundled programs and mutants. All are removed at the end. */
const programs: string[] = [];

const program = async (folder?: string): Promise<string> => {
  const file = await bundleProgram(ROOT, "worker", folder);
  programs.push(dirname(file));
  return file;
};

const OPTIONS: ClientFuzzOptions = {
  runs: MAX_RUNS,
  steps: 60,
  seed: SEED,
  workers: availableParallelism(),
  without: [],
  keepGoing: false,
};

const walk = (file: string, options: Partial<ClientFuzzOptions> = {}): Promise<RunOutcome> =>
  runWalks(file, { ...OPTIONS, ...options }, () => {});

/** Runs one mutant, and describes how the model found it. */
const tryMutation = async (unmutated: string, mutation: Mutation): Promise<string> => {
  const begun = performance.now();
  const folder = mutated(ROOT, mutation);
  programs.push(folder);
  const { runs, findings } = await walk(await program(folder));
  const [finding] = findings;
  if (!finding) throw new Error(`not found in ${runs} walks`);
  // A violation of the unchanged SDK does not show that the mutation was found.
  const { seed, path, violations } = finding;
  if ((await walk(unmutated, { seed, path })).findings.length > 0)
    throw new Error(`the unchanged SDK fails too:\n${findingText(finding, false)}`);
  const [{ rule, what }] = violations as [Violation];
  const seconds = Math.round((performance.now() - begun) / 1000);
  return `found after ${runs} walks, ${seconds} s, by ${finding.walk.commands.length} commands: ${rule}: ${what.slice(0, MAX_LINE_LENGTH)}`;
};

const main = async (filter: string | undefined): Promise<void> => {
  const chosen = MUTATIONS.filter(({ fault, isGrowth }) => !isGrowth && (!filter || fault.startsWith(filter)));
  try {
    const unmutated = await program();
    const { runs, findings } = await walk(unmutated, { runs: CONTROL_RUNS });
    if (findings[0])
      throw new Error(
        `The model finds a violation in the unchanged SDK. Fix it first.\n${findingText(findings[0], false)}`,
      );
    process.stdout.write(`no fault: nothing found in ${runs} walks\n`);
    for (const mutation of chosen)
      await tryMutation(unmutated, mutation).then(
        (line) => process.stdout.write(`✓ ${mutation.fault}\n  ${line}\n`),
        (error: unknown) => {
          process.exitCode = 1;
          process.stdout.write(`✗ ${mutation.fault}\n  ${(error as Error).message}\n`);
        },
      );
  } finally {
    for (const folder of programs) rmSync(folder, { recursive: true, force: true });
  }
};

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`✗ ${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
