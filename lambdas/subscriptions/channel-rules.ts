import { covers } from "../../protocol/channel-patterns.js";
import { type Code, isReserved, isWildcard, type Limits, isAllowedChannelName } from "../../protocol/index.js";

/** A deployment's rules for names of channels; part of its settings. */
export interface ChannelRules {
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: readonly string[];
  limits: Pick<Limits, "channelLength" | "channelPunctuation">;
}

/** Whether an enabled pattern matches all channels of `wildcard`. */
const isEnabled = (wildcard: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => covers(pattern, wildcard));

/** Why subscribing to `name` is impossible regardless of guards; `undefined` if it is possible. */
export const subscriptionError = (name: string, rules: ChannelRules): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (!isWildcard(name)) return isAllowedChannelName(rules, name) ? undefined : "bad_channel";
  if (!isAllowedChannelName(rules, name.slice(0, -2))) return "bad_channel";
  return isEnabled(name, rules.wildcards) ? undefined : "wildcard";
};

/** Why publishing on `name` is impossible regardless of guards; `undefined` if it is possible. */
export const publicationError = (name: string, rules: Pick<ChannelRules, "limits">): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (isWildcard(name)) return "wildcard";
  return isAllowedChannelName(rules, name) ? undefined : "bad_channel";
};

/**
 * The channel and each enabled wildcard that matches it: its subscribers are stored under these names. A channel below
 * no enabled pattern costs one Query.
 * @example
 * matchingSubscriptions("stories/5/x", ["stories/*"]) // ["stories/5/x", "stories/5/*", "stories/*"]
 */
export const matchingSubscriptions = (channel: string, wildcards: readonly string[]): string[] => {
  const found = [channel];
  for (let end = channel.lastIndexOf("/"); end > 0; end = channel.lastIndexOf("/", end - 1)) {
    const wildcard = `${channel.slice(0, end)}/*`;
    if (isEnabled(wildcard, wildcards)) found.push(wildcard);
  }
  return found;
};
