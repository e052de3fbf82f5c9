// Puts back faults that the SDK once had, one at a time, and shows that the model finds each: `npm run fuzz:client:mutate`.
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { ClientFuzzOptions } from "./arguments.js";
import { bundleProgram } from "./bundle.js";
import { mutated } from "./mutant.js";
import { MUTATIONS, type Mutation } from "./mutations.js";
import type { Violation } from "./oracle/oracle.js";
import { findingText } from "./report.js";
import { runWalks, type RunOutcome } from "./run.js";

const ROOT = join(__dirname, "../../..");

/** Walks in which a fault must be found, and walks in which the SDK as it is must have none. */
const MAX_RUNS = 20_000;
const CONTROL_RUNS = 200;

const SEED = 1;

/** What is printed of a violation. */
const MAX_LINE_LENGTH = 160;

/** The processes' programs: the SDK as it is, and mutants. All are removed in the end. */
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

/** What the model says of one mutant. */
const tryMutation = async (unmutated: string, mutation: Mutation): Promise<string> => {
  const begun = performance.now();
  const folder = mutated(ROOT, mutation);
  programs.push(folder);
  const { runs, findings } = await walk(await program(folder));
  const [finding] = findings;
  if (!finding) throw new Error(`not found in ${runs} walks`);
  // What the SDK as it is does, too, says nothing of the mutation.
  const { seed, path, violations } = finding;
  if ((await walk(unmutated, { seed, path })).findings.length > 0)
    throw new Error(`the SDK as it is fails, too:\n${findingText(finding, false)}`);
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
        `The model finds something in the SDK as it is: mend that first.\n${findingText(findings[0], false)}`,
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
