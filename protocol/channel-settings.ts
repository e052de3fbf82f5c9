import { bySpecificity, covers } from "./channel-patterns.js";
import { isReserved, isWildcard } from "./index.js";

/**
 * A deployment's settings for the channels that a pattern matches. They are plain JSON in the functions' environment.
 */
export interface ChannelSettings {
  /**
   * How long messages gather before they are delivered together, in milliseconds.
   * @default - each is delivered at once
   */
  lingerMs?: number;
  /** Whether the channel's last message is kept, for new subscribers. */
  latest?: true;
  /** How many of the channel's messages are kept, for clients that were away. @default - none */
  history?: HistorySettings;
  /** Whether agents can ask who is present on the channel, and are notified when members join and leave. */
  presence?: true;
  /** Whether each member may have a state. Only with `presence`. */
  presenceState?: true;
  /** Whether each message says which agent published it. */
  from?: true;
  /** How many partitions the channel's subscribers are spread over, a power of two. @default 1 */
  shards?: number;
}

/** How much of a channel's messages is kept. */
export interface HistorySettings {
  /** How many messages. */
  size: number;
  /** How long each, in seconds. */
  seconds: number;
}

/** Options by pattern: a channel's name, or a pattern such as `prices/*`. */
export type ChannelPatterns = Readonly<Record<string, ChannelSettings>>;

/** The settings of channels that no pattern matches, of wildcards, and of reserved channels. */
const NONE: ChannelSettings = {};

/**
 * The settings of a channel: those of the most specific pattern that matches it. One pattern decides. Settings of several
 * patterns are not merged.
 * @example channelSettings({ "prices/*": { latest: true }, "prices/eu/*": { lingerMs: 250 } }, "prices/eu/5") // { lingerMs: 250 }
 */
export const channelSettings = (patterns: ChannelPatterns, channel: string): ChannelSettings =>
  isWildcard(channel) ? NONE : matching(patterns, channel);

/**
 * How many partitions the subscribers of a channel or of a wildcard are spread over. The subscribers of a wildcard are
 * spread like those of the channels below it.
 */
export const shardsOf = (patterns: ChannelPatterns, channel: string): number => matching(patterns, channel).shards ?? 1;

const matching = (patterns: ChannelPatterns, name: string): ChannelSettings => {
  if (isReserved(name)) return NONE;
  if (Object.hasOwn(patterns, name)) return patterns[name]!;
  const found = sorted(patterns).find((pattern) => covers(pattern, name));
  return found === undefined ? NONE : patterns[found]!;
};

/** The patterns that are not names, the most specific first. A deployment's patterns do not change while it runs. */
const sorted = (patterns: ChannelPatterns): readonly string[] => {
  let known = SORTED.get(patterns);
  if (!known) {
    known = Object.keys(patterns)
      .filter((pattern) => pattern.includes("*"))
      .sort(bySpecificity);
    SORTED.set(patterns, known);
  }
  return known;
};

const SORTED = new WeakMap<ChannelPatterns, readonly string[]>();

/** Whether a condition holds for any pattern. A feature that no channel uses costs nothing and needs no permissions. */
export const someChannel = (patterns: ChannelPatterns, condition: (options: ChannelSettings) => unknown): boolean =>
  Object.values(patterns).some((options) => condition(options));

/** The channels of a list that have presence, without repetitions. */
export const withPresence = (patterns: ChannelPatterns, channels: readonly string[]): string[] =>
  [...new Set(channels)].filter((channel) => channelSettings(patterns, channel).presence);
