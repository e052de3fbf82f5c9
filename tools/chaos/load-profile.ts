/** Number and timing of the clients in a run. Times are in milliseconds. */
export interface LoadProfile {
  /** Number of clients that publish, and of clients that only subscribe. */
  publishers: number;
  subscribers: number;
  /** Maximum lifetime of a connection at the gateway, instead of two hours. */
  connectionMs: number;
  /** Connection lifetime of clients that rotate their connections. */
  lifetimeMs: number;
  /** Interval in which clients check for missed messages. */
  checkMs: number;
  /**
   * Maximum time for all clients to recover after the last fault. A worker may take 5 minutes, and does on a busy
   * machine.
   */
  settleMs: number;
}

/** From this number of publications on, a run takes minutes. */
const LONG_RUN_MESSAGES = 2_000;

/**
 * The load profile of a run. A long run has more clients, and its connections live longer than the 30 seconds in which
 * the server ignores a 410.
 */
export const loadProfileOf = (messages: number): LoadProfile => ({
  ...(messages < LONG_RUN_MESSAGES
    ? { publishers: 4, subscribers: 12, connectionMs: 20_000, lifetimeMs: 14_000 }
    : { publishers: 8, subscribers: 20, connectionMs: 60_000, lifetimeMs: 40_000 }),
  checkMs: 2_000,
  settleMs: 300_000,
});
