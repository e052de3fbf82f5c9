import fc from "fast-check";
import { walks, type Walk } from "./commands.js";
import type { Violation } from "./oracle/oracle.js";
import { walk } from "./walk.js";

/** The walks of one process at a time. */
export interface Batch {
  seed: number;
  runs: number;
  steps: number;
  /** Only this walk, or its shrunk form. */
  path?: string;
  /** Commands to exclude. */
  without: string[];
}

/** A shrunk walk with a broken promise. */
export interface Finding {
  seed: number;
  path: string;
  steps: number;
  walk: Walk;
  violations: Violation[];
  /** The trace of the walk. */
  trace: string[];
}

/** The result of a batch. */
export interface Outcome {
  runs: number;
  steps: number;
  finding?: Finding;
}

/** Maximum time for shrinking a walk, in milliseconds. */
const SHRINK_MS = 40_000;

/** Runs the walks of a batch up to the first broken promise, and shrinks that walk. */
export const check = async ({ seed, runs, steps, path, without }: Batch): Promise<Outcome> => {
  const outcome: Outcome = { runs: 0, steps: 0 };
  let rule: string | undefined;
  let until = Infinity;
  const property = fc.asyncProperty(walks(steps, without), async (one) => {
    if (rule === undefined) outcome.runs += 1;
    if (Date.now() > until) return true;
    const course = await walk(one);
    if (rule === undefined) outcome.steps += course.steps;
    if (course.violations.length === 0) return true;
    // Shrinking keeps the first broken rule and ignores others.
    const [first] = course.violations;
    if (rule === undefined) until = Date.now() + SHRINK_MS;
    rule ??= first!.rule;
    return first!.rule !== rule;
  });
  const details = await fc.check(property, {
    seed,
    numRuns: runs,
    ...(path !== undefined && { path, endOnFailure: true }),
  });
  if (details.failed && details.counterexample) {
    const [one] = details.counterexample;
    const { violations, trace } = await walk(one, true);
    outcome.finding = { seed, path: details.counterexamplePath ?? "", steps, walk: one, violations, trace };
  }
  return outcome;
};
