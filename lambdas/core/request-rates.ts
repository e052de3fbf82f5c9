import type { Allowance } from "./rate.js";

/**
 * Pings of one agent that carry `positions` or `presentChannels`: each reads up to three rows for each of 100 channels. The SDK
 * sends one in five seconds at most for each 100 channels, and one a second while it hands over; others cost next to
 * nothing and are not counted.
 */
export const REMINDING_PINGS: Allowance = { perSecond: 2, burst: 10 };

/**
 * `history` requests of one agent: each asks a guard, and may read 1 MB. At once, an agent that comes back may ask for what
 * it missed on 100 channels, twice each.
 */
export const HISTORY_REQUESTS: Allowance = { perSecond: 10, burst: 200 };

/**
 * `presence` requests of one agent: each asks a guard, and reads a page of members. At once, it may read the pages of a
 * channel with tens of thousands.
 */
export const PRESENCE_REQUESTS: Allowance = { perSecond: 5, burst: 100 };
