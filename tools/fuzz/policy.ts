/*
 * The decisions of the guards in a fuzz run, as plain functions of names. The guard module (guards.ts) implements them,
 * and the oracle expects them. The tested system is between the two.
 */

/** A guard's decision: permit, deny, throw, or no answer. */
export type GuardDecision = "permit" | "deny" | "throw" | "silent";

/**
 * Part of everything private: credentials, data and reasons. It must not be in a log, nor in a frame of another agent.
 */
export const SECRET = "pl4nted-secret";

/** Part of the errors that guards throw. It must not be in a frame. */
export const INTERNAL = "gu4rd-internals";

/** The password that the connection guard accepts. */
export const PASSWORD = "open sesame";

/** Credentials that make the connection guard throw. */
export const CRASHING_CREDENTIALS = "break the guard";

/** The validity of an agent after a renewal with `{ for: … }`, in milliseconds; unlimited without it. */
export const RENEWAL_MS: Readonly<Record<string, number>> = { hour: 3_600_000, moment: 50 };

/** The reason of every denial. Clients receive it, and logs must not contain it. */
export const REASON = `Not for you (${SECRET}).`;

/** The result that the guard of `log/…` returns to the publisher. */
export const RESULT = { logged: true };

/** The agent that the connection guard subscribes to a channel, and that channel. */
export const GREETED_AGENT = "greeted";
export const GREETINGS_CHANNEL = "greetings";

/** The user of an agent. Only one agent has a user. */
export const userOf = (name: string): string | undefined => (name === GREETED_AGENT ? "user of greeted" : undefined);

/** The agent that receives no messages on `shout/…`. */
export const MUTED_AGENT = "deaf";

/** The patterns at or below which wildcard subscriptions are enabled. */
export const WILDCARDS = ["open/*", "shout/*", "denied/*", "news/*", "kept/*", "rooms/*"];

/** Size and age limit of histories. The age limit is longer than a run. */
export const HISTORY_LIMITS = { size: 20, minutes: 60 };

/** The patterns of channels with history. On `drop/…` agents may publish but not subscribe. */
export const HISTORY_PATTERNS = [
  "kept/*",
  "drop/*",
  "rooms/kept/*",
  "shout/kept/*",
  "spread/kept/*",
  "copies/kept/*",
  "pair/kept/*",
  "extra/kept/*",
  "denied/kept/*",
  "throws/kept/*",
];

/** The patterns of channels with presence. */
export const PRESENCE_PATTERNS = ["rooms/*", "rooms/kept/*", "drop/*"];

/** A channel whose own guard denies. So `news/*` is denied too, and `news/sport/*` is not. */
export const PRIVATE_CHANNEL = "news/vault";

const head = (channel: string): string => channel.slice(0, channel.indexOf("/") + 1);
const rest = (channel: string): string => channel.slice(channel.indexOf("/") + 1);

const DECISIONS: Record<"subscribe" | "unsubscribe" | "publish", ReadonlyMap<string, GuardDecision>> = {
  subscribe: new Map([
    ["denied/", "deny"],
    ["drop/", "deny"],
    ["staged/", "deny"],
    ["throws/", "throw"],
    ["silent/", "silent"],
  ]),
  unsubscribe: new Map([
    ["mandatory/", "deny"],
    ["throws/", "throw"],
    ["silent/", "silent"],
  ]),
  publish: new Map([
    ["denied/", "deny"],
    ["readonly/", "deny"],
    ["staged/", "deny"],
    ["throws/", "throw"],
    ["silent/", "silent"],
  ]),
};

/** The decision of a channel's guard, except for `PRIVATE_CHANNEL`. */
export const decisionOn = (request: keyof typeof DECISIONS, channel: string): GuardDecision =>
  DECISIONS[request].get(head(channel)) ?? "permit";

/** Channels that the subscription guard stages in addition, before it decides. */
export const stagedSubscriptions = (channel: string): string[] =>
  ["pair/", "staged/"].includes(head(channel)) && isPlain(rest(channel)) ? [`extra/${rest(channel)}`] : [];

/** The channels of a permitted publication. */
export const targetChannels = (channel: string): string[] => {
  if (head(channel) === "log/") return [];
  if (head(channel) === "spread/" && isPlain(rest(channel))) return [channel, `copies/${rest(channel)}`];
  return [channel];
};

const below = (patterns: readonly string[], channel: string): boolean =>
  !channel.endsWith("/*") && patterns.some((pattern) => channel.startsWith(pattern.slice(0, -1)));

/** Whether a channel has history. */
export const hasHistory = (channel: string): boolean => below(HISTORY_PATTERNS, channel);

/** Whether a channel has presence. */
export const hasPresence = (channel: string): boolean => below(PRESENCE_PATTERNS, channel);

/** Whether a delivery guard transforms the messages of a channel. */
export const isTransformed = (channel: string): boolean =>
  head(channel) === "shout/" && channel.length > "shout/".length;

/** Whether the rest of a channel's name is valid as another channel's name. */
const isPlain = (name: string): boolean => /^[a-z0-9]+(\/[a-z0-9]+)?$/.test(name);
