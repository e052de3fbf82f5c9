import { isReserved, isWildcard } from "./index.js";

/** What a deployment says about the channels that a pattern matches; plain JSON, because the settings hold it. */
export interface ChannelSettings {
  /** How long messages gather before they are delivered together, in milliseconds; left out: not at all. */
  lingerMs?: number;
  /** Whether the channel's last message is kept, for who subscribes. */
  latest?: true;
  /** How much of what was published is kept, for who was away. */
  history?: HistorySettings;
  /** Whether the channel tells who is there, and who comes and goes. */
  presence?: true;
  /** How many partitions the channel's subscribers are spread over, a power of two; left out: one. */
  shards?: number;
}

/** How much of a channel's messages is kept. */
export interface HistorySettings {
  /** How many messages. */
  size: number;
  /** How long each, in seconds. */
  seconds: number;
}

/** Options by pattern: a channel's name, or a wildcard such as `prices/*`. */
export type ChannelPatterns = Readonly<Record<string, ChannelSettings>>;

/** Of channels that no pattern matches, of wildcards, and of reserved channels. */
const NONE: ChannelSettings = {};

/**
 * The options of a channel: those of its own name, or of the longest wildcard that matches it. One pattern decides;
 * options of several are not merged.
 * @example channelSettings({ "prices/*": { latest: true }, "prices/eu/*": { lingerMs: 250 } }, "prices/eu/5") // { lingerMs: 250 }
 */
export const channelSettings = (patterns: ChannelPatterns, channel: string): ChannelSettings =>
  isWildcard(channel) ? NONE : matching(patterns, channel);

/**
 * How many partitions the subscribers of a channel are spread over, or those of a wildcard: for who subscribes to it, a
 * wildcard is like the channels below it.
 */
export const shardsOf = (patterns: ChannelPatterns, channel: string): number => matching(patterns, channel).shards ?? 1;

const matching = (patterns: ChannelPatterns, channel: string): ChannelSettings => {
  if (isReserved(channel)) return NONE;
  const own = (pattern: string): ChannelSettings | undefined =>
    Object.hasOwn(patterns, pattern) ? patterns[pattern] : undefined;
  let found = own(channel);
  for (let end = channel.lastIndexOf("/"); !found && end > 0; end = channel.lastIndexOf("/", end - 1)) {
    found = own(`${channel.slice(0, end)}/*`);
  }
  return found ?? NONE;
};

/** Whether any pattern says so: what no channel needs costs nothing and is granted to nobody. */
export const someChannel = (patterns: ChannelPatterns, says: (options: ChannelSettings) => unknown): boolean =>
  Object.values(patterns).some((options) => says(options));

/** Those of some channels that tell who is there, each once. */
export const withPresence = (patterns: ChannelPatterns, channels: readonly string[]): string[] =>
  [...new Set(channels)].filter((channel) => channelSettings(patterns, channel).presence);
