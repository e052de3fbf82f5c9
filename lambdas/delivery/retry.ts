import type { PostResult } from "../ports.js";

/**
 * The age of a connection, in milliseconds, up to which a 410 is retried instead of believed. API Gateway accepts no post
 * before `$connect` has returned, and the connection guard may take long.
 */
export const NEW_CONNECTION_MS = 30_000;

/** Waits between attempts at a new connection, in milliseconds. Its subscriptions are not confirmed yet, so the wait is short. */
const NEW_CONNECTION_DELAYS_MS = [50, 100, 200, 400];

/** Longest wait before the first retry after a 429 or 5xx, in milliseconds; doubles with each attempt. */
const BACKOFF_MS = 100;

/** Longest wait before any retry, in milliseconds. */
const BACKOFF_CAP_MS = 2_000;

/** The next step after one attempt at one connection. */
export type NextStep =
  | { step: "done" }
  /** The connection does not exist: remove it. */
  | { step: "remove" }
  /** A retry cannot help: the connection misses this frame and has to be closed. */
  | { step: "give up" }
  /** There is no time left for a retry here. */
  | { step: "slow" }
  | { step: "retry"; afterMs: number };

/**
 * Decides after an attempt to post.
 * @param attempt how many attempts there have been, from 1
 * @param ageMs how long ago the connection began
 * @param remainingMs how long this connection may still be retried
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
