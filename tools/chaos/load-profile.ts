/** How much happens at once in a run, and how fast. Times are in milliseconds. */
export interface LoadProfile {
  /** How many clients publish, and how many only subscribe. */
  publishers: number;
  subscribers: number;
  /** How long API Gateway lets a connection live, instead of two hours. */
  connectionMs: number;
  /** How long clients that see to it themselves keep one. */
  lifetimeMs: number;
  /** How often clients ask whether they have missed something. */
  checkMs: number;
  /** How long everybody has to recover, once nothing strikes any more: workers may take 5 minutes, on a busy machine they do. */
  settleMs: number;
}

/** As many publications as keep a system busy for minutes. */
const LONG_RUN_MESSAGES = 2_000;

/**
 * The pace of a run: in a long one there are more clients, and their connections live longer than the 30 seconds in which a 410 is not believed; a short
 * one has no time for that.
 */
export const loadProfileOf = (messages: number): LoadProfile => ({
  ...(messages < LONG_RUN_MESSAGES
    ? { publishers: 4, subscribers: 12, connectionMs: 20_000, lifetimeMs: 14_000 }
    : { publishers: 8, subscribers: 20, connectionMs: 60_000, lifetimeMs: 40_000 }),
  checkMs: 2_000,
  settleMs: 300_000,
});
