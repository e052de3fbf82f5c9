/** The channels of every walk. A channel's name determines its options. There are few, so that commands meet. */
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

/** Names that are too long: the server truncates the first in answers, and the second exceeds a channel name's limit. */
export const LONG_CHANNELS = { "p/long": `p/${"x".repeat(198)}`, "p/129": `p/${"x".repeat(127)}` };

/** The channels for publications. */
export const PUBLIC_CHANNELS = ["h/1", "h/2", "p/1", "p/2", "l/1", "hl/1", "r/1", "hr/1"] as const;

/** The channels with presence. */
export const PRESENCE_CHANNELS = ["r/1", "hr/1"] as const;

/** The channel that the connection guard subscribes agents to, in walks with such a guard. */
export const GUARD_CHANNEL = "g/1";

/** Maximum length of a channel name, and of a name that an answer repeats. */
export const MAX_NAME_LENGTH = 128;
export const MAX_REPEATED_LENGTH = 130;

/** Whether the channel has history. */
export const hasHistory = (channel: string): boolean => channel.startsWith("h") && !isWildcard(channel);

/** Whether the channel has a latest value. */
export const hasLatest = (channel: string): boolean => /^h?l\/\d/.test(channel);

/** Whether only newer values count: the channel has a latest value and no history. */
export const isLatestOnly = (channel: string): boolean => hasLatest(channel) && !hasHistory(channel);

/** Whether the channel has presence. */
export const hasPresence = (channel: string): boolean => /^h?r\/\d/.test(channel);

/** Whether it is a wildcard. */
export const isWildcard = (channel: string): boolean => channel.endsWith("/*");

/** Whether a subscription to `subscribed` matches the channel. */
export const matchesSubscription = (subscribed: string, channel: string): boolean =>
  subscribed === channel || (isWildcard(subscribed) && channel.startsWith(subscribed.slice(0, -1)));

/** The `limit` of the walk's own history requests, which distinguishes them from the SDK's. */
export const WALK_HISTORY_LIMIT = 7;
