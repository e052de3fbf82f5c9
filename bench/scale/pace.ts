import { afterPost, YOUNG_MS } from "../../lambdas/core/retry.js";

/** How many posts are under way at once in one function. */
export const POSTS_IN_FLIGHT = 64;

/** Fewest posts under way, however many are refused. */
const FEWEST = 4;

/** The share of refused posts from which on fewer are made at once: 429s have spread. */
const SPREAD = 0.1;

/** How many posts one function has under way: fewer when refusals spread, more again when they end. */
export interface Pace {
  limit: number;
  seen: number;
  refused: number;
  /** Whether it has ever been lowered: then refusals are the account's, and not those of slow clients. */
  fallen: boolean;
}

/** A function begins with all of it. */
export const pace = (): Pace => ({ limit: POSTS_IN_FLIGHT, seen: 0, refused: 0, fallen: false });

/** Takes note of one post's end; judges once for as many as are under way. */
export const note = (of: Pace, refused: boolean): void => {
  of.seen += 1;
  if (refused) of.refused += 1;
  if (of.seen < of.limit) return;
  const spread = of.refused / of.seen > SPREAD;
  of.fallen ||= spread;
  of.limit = spread ? Math.max(FEWEST, of.limit >> 1) : Math.min(POSTS_IN_FLIGHT, of.limit + 8);
  of.seen = of.refused = 0;
};

/**
 * How long the product waits before it posts again after a 429, in milliseconds: its own decision is asked.
 * @returns `undefined` where its time is over
 */
export const backoffMs = (attempt: number, remainingMs: number, chance: number): number | undefined => {
  const next = afterPost("busy", attempt, YOUNG_MS, remainingMs, chance);
  return next.step === "retry" ? next.afterMs : undefined;
};
