import type { PostResult } from "../ports.js";

/**
 * How young a connection may be, in milliseconds, for its 410 to be retried instead of believed: nothing can be posted
 * before its `$connect` has returned, and the connection guard may have taken its time.
 */
export const NEW_CONNECTION_MS = 30_000;

/** Waits between attempts at a young connection, in milliseconds. Its subscriptions are not promised yet, so it is not waited for long. */
const NEW_CONNECTION_DELAYS_MS = [50, 100, 200, 400];

/** Longest wait before the first retry after a 429 or 5xx, in milliseconds; doubles with each attempt. */
const BACKOFF_MS = 100;

/** Longest wait before any retry, in milliseconds. */
const BACKOFF_CAP_MS = 2_000;

/** What to do after one attempt at one connection. */
export type NextStep =
  | { step: "done" }
  /** The connection does not exist: remove it. */
  | { step: "remove" }
  /** Trying again cannot help: give this frame up for this connection, and say so. */
  | { step: "give up" }
  /** There is no time left to try again here. */
  | { step: "slow" }
  | { step: "retry"; afterMs: number };

/**
 * Decides after an attempt to post.
 * @param attempt how many attempts there have been, from 1
 * @param ageMs how long ago the connection began
 * @param remainingMs how long this connection may still be tried
 * @param chance from 0 up to 1, for full jitter
 */
export const nextAttempt = (
  result: PostResult,
  attempt: number,
  ageMs: number,
  remainingMs: number,
  chance: number,
): NextStep => {
  if (result === "sent") return { step: "done" };
  if (result === "refused") return { step: "give up" };
  if (result === "gone" && ageMs >= NEW_CONNECTION_MS) return { step: "remove" };
  const wait =
    result === "gone"
      ? NEW_CONNECTION_DELAYS_MS[attempt - 1]
      : Math.ceil(chance * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** (attempt - 1)));
  return wait === undefined || wait >= remainingMs ? { step: "slow" } : { step: "retry", afterMs: wait };
};
