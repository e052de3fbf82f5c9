import type { Clock } from "../ports.js";

/** What came of invoking a function. */
export type Invoked =
  /** What it returned. */
  | { kind: "answered"; payload: string }
  /** Lambda will run it; nobody hears what comes of it. */
  | { kind: "accepted" }
  | { kind: "timeout" }
  /**
   * `detail`: who failed and how, without what the function said. `passing`: it was Lambda that could not just then, and
   * may run the function if it is asked again.
   */
  | { kind: "failed"; detail: string; said?: string; passing?: true };

/** Invokes a function. Never rejects, and takes no longer than `timeoutMs`. */
export type Invoke = (
  arn: string,
  payload: string,
  options: { timeoutMs: number; asynchronous: boolean },
) => Promise<Invoked>;

/** What telling a function needs. */
export interface InvokeDependencies {
  invoke: Invoke;
  /** `now`: milliseconds on any clock. */
  timing: { now(): number };
  clock: Pick<Clock, "sleep" | "random">;
}

/** How often Lambda is asked to run the function. */
const ATTEMPTS = 4;

/** How long is waited before it is asked the second time, in milliseconds, give or take a half; doubles with each attempt. */
const PAUSE_MS = 75;

/**
 * Tells a function what nobody waits for. Once Lambda has taken it, it sees to it that the function runs; until then
 * nobody else does, so it is asked again where it could not take it just then.
 * @param timeoutMs how long all attempts together may take
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
    // So that those who leave at once do not come back at once.
    const pause = PAUSE_MS * 2 ** (attempt - 1) * (0.5 + clock.random());
    if (!passing || attempt === ATTEMPTS || timing.now() + pause >= until) return invoked;
    await clock.sleep(pause);
  }
};
