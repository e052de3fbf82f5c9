/**
 * The default prefixes. The first is for plain channels. The second is for channels with history, presence and latest value.
 *
 * docs/DEPLOY.md, "Check what you deployed", has the props and the guard for them.
 */
export const DEFAULT_PREFIXES: readonly string[] = ["push-it-check", "push-it-check/kept"];

/**
 * Longest wait for one answer or message, in milliseconds: a connection guard's ten seconds by default, and a cold start.
 */
export const TIMEOUT_MS = 12_000;

/** An answer above this is slow, in milliseconds: the SDK then suspects its connection (`suspectAfter`). */
export const DEFAULT_SUSPECT_MS = 4_000;

/**
 * Checks that run at once. Each has one or two requests under way, so that an account which runs 10 functions at a time
 * can follow.
 */
export const AT_ONCE = 4;

/** Trials of "subscribe, then publish". */
export const TRIALS = 10;

/** Frames that are published one after the other. */
export const FRAMES = 10;

/** Messages that a client misses while it is away. */
export const MISSED = 5;
