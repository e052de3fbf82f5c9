import type { Clock } from "../ports.js";

/** The outcome of invoking a function. */
export type Invoked =
  /** The value that the function returned. */
  | { kind: "answered"; payload: string }
  /** Lambda will run it, and its result is not reported. */
  | { kind: "accepted" }
  | { kind: "timeout" }
  /**
   * `detail`: which side failed and how, without the function's own words. `passing`: Lambda itself failed for a
   * moment, and may run the function if it is asked again.
   */
  | { kind: "failed"; detail: string; said?: string; passing?: true };

/** Invokes a function. Never rejects, and takes no longer than `timeoutMs`. */
export type Invoke = (
  arn: string,
  payload: string,
  options: { timeoutMs: number; asynchronous: boolean },
) => Promise<Invoked>;

/** The ports that invoking a function with retries uses. */
export interface InvokeDependencies {
  invoke: Invoke;
  /** `now`: milliseconds on any clock. */
  timing: { now(): number };
  clock: Pick<Clock, "sleep" | "random">;
}

/** How many times the function is invoked. */
const ATTEMPTS = 4;

/** The wait before the second attempt, in milliseconds, plus or minus a half; it doubles with each attempt. */
const PAUSE_MS = 75;

/**
 * Invokes a function asynchronously. Once Lambda has accepted the event, it makes sure that the function runs. Until
 * then this function retries after temporary failures.
 * @param timeoutMs maximum time of all attempts together
 */
export const invokeWithRetry = async (
  { invoke, timing, clock }: InvokeDependencies,
  arn: string,
  payload: string,
  timeoutMs: number,
): Promise<Invoked> => {
  const until = timing.now() + timeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const invoked = await invoke(arn, payload, { timeoutMs: until - timing.now(), asynchronous: true });
    const passing = invoked.kind === "failed" && invoked.passing === true;
    // Random, so that calls that failed together do not come back together.
    const pause = PAUSE_MS * 2 ** (attempt - 1) * (0.5 + clock.random());
    if (!passing || attempt === ATTEMPTS || timing.now() + pause >= until) return invoked;
    await clock.sleep(pause);
  }
};
