import type { AccountReading } from "./account/facts.js";
import type { Check, Outcome, Verdict } from "./check.js";
import { probe, type Probed } from "./features.js";
import type { CheckSettings } from "./settings.js";
import { type Shared, type Times, Trial } from "./trial.js";
import { freshId } from "../remote/ids.js";

/** What came of one check. */
export interface CheckResult extends Verdict {
  name: string;
  promise: string;
  /** How long it took, in milliseconds. */
  tookMs: number;
  times: Times;
}

/** What came of all. */
export interface RunResult {
  outcome: Outcome;
  results: CheckResult[];
  tookMs: number;
  /** Channels with history that something was published on. */
  kept: string[];
  account?: AccountReading;
}

/** What the command exits with. 2 is for wrong use. */
export const EXIT: Record<Outcome, number> = { passed: 0, failed: 1, "not tried": 3 };

/** One outcome of many: anything that failed, then anything that was not tried. */
const overall = (outcomes: readonly Outcome[]): Outcome =>
  (["failed", "not tried"] as const).find((each) => outcomes.includes(each)) ?? "passed";

/** How many characters of an id name a run's channels. */
const RUN_CHARACTERS = 10;

/**
 * Runs checks, several at once.
 * @param told called with each result, in the order of the checks
 */
export const runChecks = async (
  checks: readonly Check[],
  settings: CheckSettings,
  told: (result: CheckResult) => void,
): Promise<RunResult> => {
  const begun = performance.now();
  const run = freshId().slice(0, RUN_CHARACTERS);
  const prober: { trial?: Trial } = {};
  const shared: Shared = { settings, run, kept: new Set(), probed: lazily(() => probedBy(shared, prober)) };
  const results: CheckResult[] = [];
  let next = 0;
  let printed = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < checks.length; at = next++) {
      results[at] = await runOne(checks[at] as Check, shared);
      for (let ready = results[printed]; ready; ready = results[printed]) {
        printed += 1;
        told(ready);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(settings.atOnce, checks.length) }, work));
  await prober.trial?.end();
  const { kept, account } = shared;
  const outcome = overall(results.map((each) => each.outcome));
  return { outcome, results, tookMs: performance.now() - begun, kept: [...kept], ...(account && { account }) };
};

/** Begins when it is first called: nothing is asked for if no check wants to know. */
const lazily = <T>(begin: () => Promise<T>): (() => Promise<T>) => {
  let begun: Promise<T> | undefined;
  return () => (begun ??= begin());
};

const probedBy = async (shared: Shared, prober: { trial?: Trial }): Promise<Probed[]> => {
  prober.trial = new Trial(shared, "probe");
  const probed = await probe(await prober.trial.open(), shared.settings.prefixes, shared.run);
  for (const { channel, has, closed } of probed)
    if (closed === undefined && has.has("history")) shared.kept.add(channel);
  return probed;
};

const runOne = async (check: Check, shared: Shared): Promise<CheckResult> => {
  const { name, promise } = check;
  const trial = new Trial(shared, name);
  const begun = performance.now();
  const verdict = await check.run(trial);
  await trial.end();
  return { name, promise, ...verdict, tookMs: performance.now() - begun, times: trial.times };
};
