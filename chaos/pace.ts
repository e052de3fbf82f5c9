/** How fast things go in a run. Times are in milliseconds. */
export interface Pace {
  /** How long API Gateway lets a connection live, instead of two hours. */
  connectionMs: number;
  /** How long clients that see to it themselves keep one. */
  lifetimeMs: number;
  /** How often clients ask whether they have missed something. */
  checkMs: number;
  /** How long everybody has to recover, once nothing strikes any more. */
  quietMs: number;
}

/** As many publications as keep a system busy for minutes. */
const LONG = 2_000;

/**
 * The pace of a run: in a long one connections live longer than the 30 seconds in which a 410 is not believed; a short
 * one has no time for that.
 */
export const paceOf = (messages: number): Pace => ({
  ...(messages < LONG ? { connectionMs: 20_000, lifetimeMs: 14_000 } : { connectionMs: 60_000, lifetimeMs: 40_000 }),
  checkMs: 2_000,
  quietMs: 120_000,
});
