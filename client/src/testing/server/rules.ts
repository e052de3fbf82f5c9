import { covers } from "../../../../protocol/channel-patterns.js";
import { isAllowedChannelName, isReserved, isWildcard, matches } from "../../../../protocol/channel.js";
import type { Code } from "../../../../protocol/codes.js";
import type { Deployment } from "../options.js";

type Rules = Pick<Deployment, "wildcards" | "limits">;

/** Why a name cannot be subscribed to, whatever the guards say. `undefined` if it can. */
export const subscriptionError = (name: string, rules: Rules): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  const isAllowed = isAllowedChannelName(rules, isWildcard(name) ? name.slice(0, -2) : name);
  if (!isAllowed) return "bad_channel";
  return !isWildcard(name) || rules.wildcards.some((pattern) => covers(pattern, name)) ? undefined : "wildcard";
};

/** Why nothing can be published on a name, whatever the guards say. `undefined` if something can. */
export const publicationError = (name: string, rules: Rules): Code | undefined => {
  if (isReserved(name)) return "reserved_channel";
  if (isWildcard(name)) return "wildcard";
  return isAllowedChannelName(rules, name) ? undefined : "bad_channel";
};

/** Whether one of some subscriptions receives the messages of a channel. */
export const receives = (subscriptions: ReadonlySet<string>, channel: string): boolean =>
  subscriptions.has(channel) || [...subscriptions].some((name) => matches(name, channel));
