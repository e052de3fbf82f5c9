import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { deriveSeed } from "../../lib/random.js";
import type { ClientFuzzOptions } from "./arguments.js";
import type { Batch, Finding, Outcome } from "./check.js";

/** Number of walks in one batch. */
const BATCH = 100;

/** The result of a run. */
export interface RunOutcome {
  runs: number;
  steps: number;
  findings: Finding[];
}

/** The batches of a run. */
const batchesOf = ({ runs, steps, seed, path, without }: ClientFuzzOptions): Batch[] => {
  if (path !== undefined) return [{ seed, runs: 1, steps, path, without }];
  const count = Math.ceil(runs / BATCH);
  return Array.from({ length: count }, (_, index) => ({
    seed: index === 0 ? seed : deriveSeed(seed, index) >>> 1,
    runs: index < count - 1 ? BATCH : runs - BATCH * (count - 1),
    steps,
    without,
  }));
};

/** Runs the batches in several processes. Stops early after a broken promise. */
export const runWalks = async (
  workerFile: string,
  options: ClientFuzzOptions,
  progress: (outcome: RunOutcome) => void,
): Promise<RunOutcome> => {
  const all: RunOutcome = { runs: 0, steps: 0, findings: [] };
  const batches = batchesOf(options);
  const work = async (): Promise<void> => {
    const child = fork(workerFile, [], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: ["--max-old-space-size=512"],
    });
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`a process that takes walks ended with ${String(code)}`);
    });
    // It also ends when `kill` is called.
    ended.catch(() => undefined);
    try {
      for (let batch; (batch = batches.shift());) {
        if (all.findings.length > 0 && !options.keepGoing) return;
        const { runs, steps, finding } = await Promise.race([ask(child, batch), ended]);
        all.runs += runs;
        all.steps += steps;
        if (finding) all.findings.push(finding);
        progress(all);
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.workers, batches.length) }, work));
  return all;
};

const ask = (child: ChildProcess, batch: Batch): Promise<Outcome> =>
  new Promise((resolve) => {
    child.once("message", (outcome) => resolve(outcome as Outcome));
    child.send(batch);
  });
