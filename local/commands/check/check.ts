import { messageOf } from "../../core/user-error.js";
import { NotTried } from "./not-tried.js";
import type { Trial } from "./trial.js";

/** The outcome of a check. "not tried": the result is unknown, and `detail` has the reason. */
export type Outcome = "passed" | "failed" | "not tried";

/** A check's verdict. */
export interface Verdict {
  outcome: Outcome;
  /** The observation, the fault, or the reason why the check could not be tried. */
  detail: string;
}

/** One promise of a deployed Push-It, and how it is tried. */
export interface CheckSpec<Seen> {
  /** For `--only`, and for programs. */
  name: string;
  /** The promise of a deployed Push-It, in a sentence. */
  promise: string;
  /** Does the work on sockets, and returns the observations. */
  observe(trial: Trial): Promise<Seen>;
  /** Decides by the observations only. */
  judge(seen: Seen): Verdict;
}

/** A check that can be run. */
export interface Check {
  name: string;
  promise: string;
  run(trial: Trial): Promise<Verdict>;
}

/** Everything is as promised. */
export const passed = (detail: string): Verdict => ({ outcome: "passed", detail });

/** Something is not as promised. */
export const failed = (detail: string): Verdict => ({ outcome: "failed", detail });

/** Makes a check of its two halves. */
export const check = <Seen>({ name, promise, observe, judge }: CheckSpec<Seen>): Check => ({
  name,
  promise,
  async run(trial) {
    try {
      return judge(await observe(trial));
    } catch (error) {
      return error instanceof NotTried ? { outcome: "not tried", detail: error.message } : failed(messageOf(error));
    }
  },
});

/** Whether two lists hold the same, in the same order. */
export const sameList = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((each, at) => each === other[at]);
