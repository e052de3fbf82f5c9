import type { Limits } from "../../protocol/index.js";
import type { RateLimit } from "./rate-limiter.js";

/**
 * Pings of one agent that carry `positions` or `presentChannels`: each reads up to three rows for each of 100 channels. The SDK
 * sends one in five seconds at most for each 100 channels, and one a second while it hands over; others cost next to
 * nothing and are not counted.
 */
export const PINGS_WITH_CHANNELS: RateLimit = { perSecond: 2, burst: 10 };

/**
 * `history` requests of one agent: each asks a guard, and may read 1 MB. At once, an agent that comes back may ask for what
 * it missed on 100 channels, twice each.
 */
export const HISTORY_REQUESTS: RateLimit = { perSecond: 10, burst: 200 };

/**
 * `presence` requests of one agent: each asks a guard, and reads a page of members. At once, it may read the pages of a
 * channel with tens of thousands.
 */
export const PRESENCE_REQUESTS: RateLimit = { perSecond: 5, burst: 100 };

/**
 * `refresh` requests of one agent: each asks the connection guard, and may write two rows for each subscription. The SDK
 * sends one before the agent's end, and repeats it after a pause if it failed.
 */
export const REFRESH_REQUESTS: RateLimit = { perSecond: 0.2, burst: 10 };

/** How many changes of a subscription one on a channel with presence counts as: all subscribers are told of it. */
export const PRESENCE_CHANGE = 5;

/** How many times an agent may subscribe to all channels that it may have, at once. */
const RESTORES = 2;

/**
 * Channels that one agent subscribes to, and those that it unsubscribes from. At once, a client may restore all its
 * subscriptions, twice, also if each is to a channel with presence.
 */
export const subscriptionChanges = ({ subscriptionChangesPerSecond, subscriptionsPerAgent }: Limits): RateLimit => ({
  perSecond: subscriptionChangesPerSecond,
  burst: Math.max(subscriptionChangesPerSecond, RESTORES * PRESENCE_CHANGE * subscriptionsPerAgent),
});

/**
 * Milliseconds for which one agent has functions wait until the windows of channels that linger are over. On average, ten
 * functions wait for it at a time; after it was silent, it may start ten for the longest window at once.
 */
export const LINGERING_MS: RateLimit = { perSecond: 10_000, burst: 50_000 };
