import {
  type Code,
  isChannelName,
  isReserved,
  isWildcard,
  type Limits,
  matches,
  isAllowedChannelName,
} from "../../protocol/index.js";

/** What a deployment says about names of channels; its settings have it. */
export interface ChannelRules {
  /** Patterns at or below which wildcard subscriptions are enabled. */
  wildcards: readonly string[];
  limits: Pick<Limits, "channelLength" | "channelPunctuation">;
}

/** Whether `wildcard` equals an enabled pattern or lies below one. */
const isEnabled = (wildcard: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => pattern === wildcard || matches(pattern, wildcard));

/** Why nobody can be subscribed to `name`, whatever a guard says; `undefined` when it can. */
export const subscriptionError = (name: string, rules: ChannelRules): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (!isWildcard(name)) return isAllowedChannelName(rules, name) ? undefined : "bad_channel";
  if (!isAllowedChannelName(rules, name.slice(0, -2))) return "bad_channel";
  return isEnabled(name, rules.wildcards) ? undefined : "wildcard";
};

/** Why nothing can be published on `name`, whatever a guard says; `undefined` when it can. */
export const publicationError = (name: string, rules: Pick<ChannelRules, "limits">): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (isWildcard(name)) return "wildcard";
  return isAllowedChannelName(rules, name) ? undefined : "bad_channel";
};

/**
 * Where the subscribers of `channel` are found: the channel, and each enabled wildcard that matches it. A channel below
 * no enabled pattern costs one Query.
 * @example audience("stories/5/x", ["stories/*"]) // ["stories/5/x", "stories/5/*", "stories/*"]
 */
export const matchingSubscriptions = (channel: string, wildcards: readonly string[]): string[] => {
  const found = [channel];
  for (let end = channel.lastIndexOf("/"); end > 0; end = channel.lastIndexOf("/", end - 1)) {
    const wildcard = `${channel.slice(0, end)}/*`;
    if (isEnabled(wildcard, wildcards)) found.push(wildcard);
  }
  return found;
};
