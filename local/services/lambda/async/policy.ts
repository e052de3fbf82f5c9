/** How events of one function are treated. */
export interface RetrySettings {
  /** How often a failed event is tried again: 0 to 2. */
  retries: number;
  /** How old an event may become, in milliseconds. */
  maxAgeMs: number;
}

/** What has become of an event so far. */
export interface EventHistory {
  /** Attempts that the function failed. */
  errors: number;
  /** Attempts that found no room, since the last one that did. */
  throttles: number;
}

/** What came of an attempt. */
export type AttemptOutcome = "success" | "error" | "throttled";

/** What to do with an event after an attempt. */
export type NextStep =
  | { do: "finish" }
  | { do: "retry"; afterMs: number; history: EventHistory }
  | { do: "discard"; condition: DiscardCondition };

/** Why an event was given up, as invocation records say it. */
export type DiscardCondition = "RetriesExhausted" | "EventAgeExceeded";

/** The history of an event that has just arrived. */
export const NEW_EVENT: EventHistory = { errors: 0, throttles: 0 };

/**
 * Waits before the first and the second retry of a failed event, in milliseconds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const ERROR_WAITS_MS: readonly number[] = [60_000, 120_000];

/**
 * The first wait after a throttle, which doubles with each that follows, and the longest, in milliseconds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const THROTTLE_WAIT_MS = { first: 1000, longest: 300_000 };

/**
 * Decides about an event after an attempt.
 * @param ageMs how old the event is
 */
export const nextStep = (
  outcome: AttemptOutcome,
  history: EventHistory,
  { retries, maxAgeMs }: RetrySettings,
  ageMs: number,
): NextStep => {
  if (outcome === "success") return { do: "finish" };
  const next =
    outcome === "error"
      ? { errors: history.errors + 1, throttles: 0 }
      : { errors: history.errors, throttles: history.throttles + 1 };
  const afterMs = outcome === "error" ? ERROR_WAITS_MS[history.errors] : throttleWaitMs(history.throttles);
  if (next.errors > retries || afterMs === undefined) return { do: "discard", condition: "RetriesExhausted" };
  if (ageMs + afterMs > maxAgeMs) return { do: "discard", condition: "EventAgeExceeded" };
  return { do: "retry", afterMs, history: next };
};

const throttleWaitMs = (throttles: number): number =>
  Math.min(THROTTLE_WAIT_MS.first * 2 ** throttles, THROTTLE_WAIT_MS.longest);
