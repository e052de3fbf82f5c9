import { type Code, isChannelName, isReserved, isWildcard, matches } from "../../protocol/index.js";

/** Whether `wildcard` equals an enabled pattern or lies below one. */
const isEnabled = (wildcard: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => pattern === wildcard || matches(pattern, wildcard));

/** Why nobody can be subscribed to `name`, whatever a guard says; `undefined` when it can. */
export const subscriptionFault = (name: string, wildcards: readonly string[]): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (!isWildcard(name)) return isChannelName(name) ? undefined : "bad_channel";
  if (!isChannelName(name.slice(0, -2))) return "bad_channel";
  return isEnabled(name, wildcards) ? undefined : "wildcard";
};

/** Why nothing can be published on `name`, whatever a guard says; `undefined` when it can. */
export const publicationFault = (name: string): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (isWildcard(name)) return "wildcard";
  return isChannelName(name) ? undefined : "bad_channel";
};

/**
 * Where the subscribers of `channel` are found: the channel, and each enabled wildcard that matches it. A channel below
 * no enabled pattern costs one Query.
 * @example audience("stories/5/x", ["stories/*"]) // ["stories/5/x", "stories/5/*", "stories/*"]
 */
export const audience = (channel: string, wildcards: readonly string[]): string[] => {
  const found = [channel];
  for (let end = channel.lastIndexOf("/"); end > 0; end = channel.lastIndexOf("/", end - 1)) {
    const wildcard = `${channel.slice(0, end)}/*`;
    if (isEnabled(wildcard, wildcards)) found.push(wildcard);
  }
  return found;
};
