/**
 * The time that a function needs apart from its guard and its fan-out, in milliseconds. It reads and writes rows with
 * the SDK's retries, starts the guard's worker, and ends a worker in an infinite loop (about a second). The last call
 * to `@connections` may begin just before the fan-out's time is over (`CALL_MS` in
 * lambdas/aws/api-gateway/management-api.ts).
 */
export const MARGIN_MS = 5_000;

/** The time for posting one reply and closing one connection, in milliseconds, for functions that do no more. */
export const CLOSE_BUDGET_MS = 2_000;

/** The time for removing the rows of an agent that left, in milliseconds. */
export const CLEANUP_BUDGET_MS = 10_000;

/**
 * How long a linger flusher runs at most, in milliseconds. The longer it runs, the fewer successors it needs. It keeps
 * the last two windows, less than 80 s, for starting its successor.
 */
export const FLUSHER_TIMEOUT_MS = 300_000;

/**
 * How long one run of the presence notifier may take, in milliseconds. A run visits all channels, once a minute. Its
 * next run visits the channels that this one did not reach.
 */
export const NOTIFIER_TIMEOUT_MS = 90_000;

/**
 * How long one run of the presence checker may take, in milliseconds. Runs begin once a minute, so two never ask API
 * Gateway at once.
 */
export const CHECKER_TIMEOUT_MS = 55_000;
