/*
 * What the guards under fire decide, as plain functions of names. The guard module (guards.ts) acts on them, and the
 * oracle expects what they say: between the two stands all that is tested.
 */

/** What a guard says to a request: yes, no, that it broke, or nothing at all. */
export type GuardDecision = "permit" | "deny" | "throw" | "silent";

/** In everything that is private: credentials, data and reasons. It must be in no log, and in no frame but its own. */
export const SECRET = "pl4nted-secret";

/** In what guards throw: may be in the log, which is the server's own, and in no frame. */
export const INTERNAL = "gu4rd-internals";

/** What lets an agent in; other credentials are denied, or break the guard. */
export const PASSWORD = "open sesame";

/** Credentials that break the connection guard. */
export const CRASHING_CREDENTIALS = "break the guard";

/** For how long the guard vouches for an agent that renews with `{ for: … }`, in milliseconds; for ever where it says none. */
export const RENEWAL_MS: Readonly<Record<string, number>> = { hour: 3_600_000, moment: 50 };

/** The reason of every denial. Clients read it, logs never hold it. */
export const REASON = `Not for you (${SECRET}).`;

/** What the guard of `log/…` gives the publisher. */
export const RESULT = { logged: true };

/** Where an agent of this name is subscribed to `GREETINGS` by the connection guard. */
export const GREETED_AGENT = "greeted";
export const GREETINGS_CHANNEL = "greetings";

/** Whose connection the connection guard says that it is: it knows one user, by this agent's name. */
export const userOf = (name: string): string | undefined => (name === GREETED_AGENT ? "user of greeted" : undefined);

/** An agent of this name gets nothing of what is published on `shout/…`. */
export const MUTED_AGENT = "deaf";

/** The patterns at or below which wildcard subscriptions are enabled. */
export const WILDCARDS = ["open/*", "shout/*", "denied/*", "news/*", "kept/*", "rooms/*"];

/** How many messages channels with history keep, and for how long: longer than any run takes. */
export const HISTORY_LIMITS = { size: 20, minutes: 60 };

/** The patterns of channels with history; nobody may subscribe to those of `drop/…`, on which everybody may publish. */
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

/** The patterns of channels that tell who is there. */
export const PRESENCE_PATTERNS = ["rooms/*", "rooms/kept/*", "drop/*"];

/** A channel with a guard of its own, which denies: so `news/*` is denied as well, and `news/sport/*` is not. */
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

/** What the guard of a channel says to a request; `VAULT` apart. */
export const decisionOn = (request: keyof typeof DECISIONS, channel: string): GuardDecision =>
  DECISIONS[request].get(head(channel)) ?? "permit";

/** Channels that the subscription guard stages beside the one asked for; it does so before it rules. */
export const stagedSubscriptions = (channel: string): string[] =>
  ["pair/", "staged/"].includes(head(channel)) && isPlain(rest(channel)) ? [`extra/${rest(channel)}`] : [];

/** Channels that a permitted publication goes to. */
export const targetChannels = (channel: string): string[] => {
  if (head(channel) === "log/") return [];
  if (head(channel) === "spread/" && isPlain(rest(channel))) return [channel, `copies/${rest(channel)}`];
  return [channel];
};

const below = (patterns: readonly string[], channel: string): boolean =>
  !channel.endsWith("/*") && patterns.some((pattern) => channel.startsWith(pattern.slice(0, -1)));

/** Whether a channel keeps what is published on it. */
export const hasHistory = (channel: string): boolean => below(HISTORY_PATTERNS, channel);

/** Whether a channel tells who is there. */
export const hasPresence = (channel: string): boolean => below(PRESENCE_PATTERNS, channel);

/** Whether a delivery guard decides what subscribers of this channel get. */
export const isTransformed = (channel: string): boolean =>
  head(channel) === "shout/" && channel.length > "shout/".length;

/** What is left of a channel's name can begin another one. */
const isPlain = (name: string): boolean => /^[a-z0-9]+(\/[a-z0-9]+)?$/.test(name);
