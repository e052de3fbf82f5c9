import type { Limits } from "../../protocol/index.js";
import type { RateLimit } from "./rate-limiter.js";

/**
 * Pings of one agent with `positions` or `presentChannels`: each reads up to three rows for each of 100 channels. The
 * SDK sends at most one in five seconds for each 100 channels, and one a second during a connection rotation. Other
 * pings cost almost nothing and are not counted.
 */
export const PINGS_WITH_CHANNELS: RateLimit = { perSecond: 2, burst: 10 };

/**
 * `history` requests of one agent: each calls a guard, and may read 1 MB. An agent that reconnects may request missed
 * messages of 100 channels at once, twice each.
 */
export const HISTORY_REQUESTS: RateLimit = { perSecond: 10, burst: 200 };

/**
 * `presence` requests of one agent: each calls a guard, and reads a page of members. The burst reads all pages of a
 * channel with tens of thousands of members.
 */
export const PRESENCE_REQUESTS: RateLimit = { perSecond: 5, burst: 100 };

/**
 * `state` requests of one agent: each calls a guard, and all subscribers of the channel are notified. It is enough for a
 * state that follows a user's typing.
 */
export const STATE_CHANGES: RateLimit = { perSecond: 5, burst: 10 };

/**
 * `refresh` requests of one agent: each calls the connection guard, and may write two rows for each subscription. The
 * SDK sends one before the agent's end, and retries after a pause if it failed.
 */
export const REFRESH_REQUESTS: RateLimit = { perSecond: 0.2, burst: 10 };

/** Cost of one change of a subscription on a channel with presence: all subscribers are notified. */
export const PRESENCE_CHANGE = 5;

/** How many times an agent may subscribe to all its channels at once. */
const RESTORES = 2;

/**
 * Channels that one agent subscribes to, and channels that it unsubscribes from. The burst lets a client restore all
 * its subscriptions twice, even if all channels have presence.
 */
export const subscriptionChanges = ({ subscriptionChangesPerSecond, subscriptionsPerAgent }: Limits): RateLimit => ({
  perSecond: subscriptionChangesPerSecond,
  burst: Math.max(subscriptionChangesPerSecond, RESTORES * PRESENCE_CHANGE * subscriptionsPerAgent),
});

/**
 * Milliseconds for which functions wait, because of one agent, until the windows of channels that linger end. On
 * average, ten functions wait for it at a time. After a pause, it may start ten for the longest window at once.
 */
export const LINGERING_MS: RateLimit = { perSecond: 10_000, burst: 50_000 };
