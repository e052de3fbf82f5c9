// Puts back faults that the SDK once had, one at a time, and shows that the model finds each: `npm run fuzz:client:mutate`.
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { ClientFuzzOptions } from "./arguments.js";
import { bundleProgram } from "./bundle.js";
import { mutated } from "./mutant.js";
import { MUTATIONS, type Mutation } from "./mutations.js";
import { findingText } from "./report.js";
import { runWalks, type RunOutcome } from "./run.js";

const ROOT = join(__dirname, "../..");

/** Walks in which a fault must be found, and walks in which the SDK as it is must have none. */
const MOST_RUNS = 4_000;
const CONTROL_RUNS = 200;

const SEED = 1;

/** Takes walks with a mutated SDK, up to the first violation. */
const tryMutation = async (root: string, mutation: Mutation, runs: number, workers: number): Promise<RunOutcome> => {
  const folder = mutated(root, mutation);
  const worker = await bundleProgram(root, "worker", folder);
  const options: ClientFuzzOptions = { runs, steps: 60, seed: SEED, workers, without: [], keepGoing: false };
  try {
    return await runWalks(worker, options, () => {});
  } finally {
    for (const unneeded of [folder, dirname(worker)]) rmSync(unneeded, { recursive: true, force: true });
  }
};

const main = async (filter: string | undefined): Promise<void> => {
  const workers = availableParallelism();
  const chosen = MUTATIONS.filter(({ fault, isGrowth }) => !isGrowth && (!filter || fault.startsWith(filter)));
  const control = await tryMutation(ROOT, { fault: "none", edits: [] }, CONTROL_RUNS, workers);
  if (control.findings[0]) {
    process.stderr.write(findingText(control.findings[0], false));
    throw new Error("The model finds something in the SDK as it is: mend that first.");
  }
  process.stdout.write(`no fault: nothing found in ${control.runs} walks\n`);
  for (const mutation of chosen) {
    const begun = performance.now();
    const { runs, findings } = await tryMutation(ROOT, mutation, MOST_RUNS, workers);
    const seconds = Math.round((performance.now() - begun) / 1000);
    const [finding] = findings;
    if (!finding) process.exitCode = 1;
    process.stdout.write(`${finding ? "found" : "NOT FOUND"} after ${runs} walks, ${seconds} s: fault ${mutation.fault}\n`);
    if (finding) process.stdout.write(`  ${finding.violations[0]!.rule}: ${finding.violations[0]!.what.slice(0, 200)} (${finding.walk.commands.length} commands)\n`);
  }
};

main(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`✗ ${(error as Error).stack ?? String(error)}\n`);
  process.exitCode = 1;
});
