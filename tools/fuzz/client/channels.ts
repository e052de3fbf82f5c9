/** The channels of every walk; what a channel can do is in its name. Few, so that commands meet. */
export const CHANNELS = [
  "h/1",
  "h/2",
  "h/*",
  "p/1",
  "p/2",
  "p/*",
  "l/1",
  "l/*",
  "hl/1",
  "r/1",
  "hr/1",
  "p/long",
  "p/129",
] as const;

/** Names that are too long: the first for any server's answer, which cuts it; the second for a channel alone. */
export const LONG_CHANNELS = { "p/long": `p/${"x".repeat(198)}`, "p/129": `p/${"x".repeat(127)}` };

/** Where messages can be published. */
export const PUBLIC_CHANNELS = ["h/1", "h/2", "p/1", "p/2", "l/1", "hl/1", "r/1", "hr/1"] as const;

/** A channel to which the connection guard subscribes agents, in walks that have one; nobody else does. */
export const GUARD_CHANNEL = "g/1";

/** The longest name that a channel can have, and the longest that an answer repeats. */
export const MAX_NAME_LENGTH = 128;
export const MAX_REPEATED_LENGTH = 130;

/** Whether the deployment keeps the channel's history. */
export const hasHistory = (channel: string): boolean => channel.startsWith("h") && !isWildcard(channel);

/** Whether the deployment keeps the channel's latest value. */
export const hasLatest = (channel: string): boolean => /^h?l\/\d/.test(channel);

/** Whether only a newer value than the last one counts: a latest value without a history. */
export const isLatestOnly = (channel: string): boolean => hasLatest(channel) && !hasHistory(channel);

/** Whether the channel tells who is there. */
export const hasPresence = (channel: string): boolean => /^h?r\/\d/.test(channel);

/** Whether it is a wildcard. */
export const isWildcard = (channel: string): boolean => channel.endsWith("/*");

/** Whether a subscription to `subscribed` hears what is published on `channel`. */
export const matchesSubscription = (subscribed: string, channel: string): boolean =>
  subscribed === channel || (isWildcard(subscribed) && channel.startsWith(subscribed.slice(0, -1)));

/** The `limit` with which the walk itself asks for a history: so its questions are told from the SDK's. */
export const WALK_HISTORY_LIMIT = 7;
