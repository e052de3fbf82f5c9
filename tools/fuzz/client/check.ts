import fc from "fast-check";
import { walks, type Walk } from "./commands.js";
import type { Violation } from "./oracle/oracle.js";
import { walk } from "./walk.js";

/** Walks that one process takes at a time. */
export interface Batch {
  seed: number;
  runs: number;
  steps: number;
  /** One walk, or its shrunk form; then no other is taken. */
  path?: string;
  /** Commands that are left out. */
  without: string[];
}

/** A walk in which a promise was broken, as small as it could be made. */
export interface Finding {
  seed: number;
  path: string;
  steps: number;
  walk: Walk;
  violations: Violation[];
  /** All that happened in it. */
  trace: string[];
}

/** How a batch went. */
export interface Outcome {
  runs: number;
  steps: number;
  finding?: Finding;
}

/** How long a walk may be shrunk, in milliseconds. */
const SHRINK_MS = 40_000;

/** Takes the walks of a batch, up to the first in which a promise is broken; that one is shrunk. */
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
    // Shrunk is what was seen first, and nothing else.
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
