import type { Json } from "../../protocol/index.js";
import { matchesPattern, mostSpecificPattern } from "./protocol-rules.js";

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

/** A publisher: the id of its agent, and the name in its credentials. */
export interface Publisher {
  agent?: string;
  name: string;
}

/** The public info of an agent: its name, cut to a length that always fits `info`. */
export const infoOf = (name: string): string => name.slice(0, 40);

/** The publisher as subscribers see it, on channels whose messages say it. */
export const fromOf = ({ agent = "", name }: Publisher): Record<string, Json> => {
  const userId = userOf(name);
  return { connection: agent, ...(userId !== undefined && { userId }), info: infoOf(name) };
};

/** The user of an agent. Only one agent has a user. */
export const userOf = (name: string): string | undefined => (name === GREETED_AGENT ? "user of greeted" : undefined);

/** The agent that receives no messages on `shout/…`. */
export const MUTED_AGENT = "deaf";

/** The patterns at or below which wildcard subscriptions are enabled. */
export const WILDCARDS = [
  "open/*",
  "shout/*",
  "denied/*",
  "news/*",
  "kept/*",
  "rooms/*",
  "moods/*",
  "signed/*",
  "gated/*",
  "deep/*/logs/*",
];

/** Size and age limit of histories. The age limit is longer than a run. */
export const HISTORY_LIMITS = { size: 20, minutes: 60 };

/** The options of channels. */
export interface ChannelKind {
  history?: true;
  presence?: true;
  /** Members may have states. */
  state?: true;
  /** Messages say who published them. */
  from?: true;
}

const STATES: ChannelKind = { presence: true, state: true };

/** The options by pattern. On `drop/…` agents may publish but not subscribe. */
export const CHANNELS: Readonly<Record<string, ChannelKind>> = {
  "kept/*": { history: true },
  "drop/*": { history: true, presence: true },
  "rooms/*": { presence: true },
  "rooms/kept/*": { history: true, presence: true },
  "rooms/*/typing": { ...STATES, from: true },
  "shout/kept/*": { history: true },
  "shout/moods/*": STATES,
  "shout/signed/*": { from: true },
  "spread/kept/*": { history: true },
  "spread/moods/*": STATES,
  "copies/kept/*": { history: true },
  "pair/kept/*": { history: true },
  "extra/kept/*": { history: true },
  "extra/rooms/*": { presence: true },
  "denied/kept/*": { history: true },
  "throws/kept/*": { history: true },
  "throws/moods/*": STATES,
  "readonly/moods/*": STATES,
  "log/moods/*": STATES,
  "moods/*": STATES,
  "moods/kept/*": { ...STATES, history: true, from: true },
  "signed/*": { from: true },
  "signed/kept/*": { history: true, from: true },
  "signed/*/plain": {},
  "deep/*/x/*": { from: true },
  "deep/logs/*/*": { presence: true },
  "keyed/*": { history: true, presence: true },
};

/** The pattern of channels whose own guard denies subscriptions and publications. */
export const LOCKED_PATTERN = "gated/*/locked";

/** The token that the subscription guard of `keyed/…` requires. */
export const TOKEN: Json = { key: SECRET };

/** The states that the guard of `moods/…` denies, and for which it throws. */
export const DENIED_STATE = "deny";
export const CRASHING_STATE = "throw";

/** The reason if a publication guard permits a state, but would not publish it on the channel. */
export const UNPUBLISHED_REASON = "The presence state was denied.";

/** The agent whose delivery guard on `shout/…` removes the publisher, and the agent whose guard tries to forge it. */
export const HIDING_AGENT = "bob";
export const FORGING_AGENT = "ann";

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

/** The decision of a channel's guard, except for `PRIVATE_CHANNEL` and tokens. */
export const decisionOn = (request: keyof typeof DECISIONS, channel: string): GuardDecision => {
  if (request !== "unsubscribe" && matchesPattern(LOCKED_PATTERN, channel)) return "deny";
  return DECISIONS[request].get(head(channel)) ?? "permit";
};

/** Whether the subscription guard of `keyed/…` denies a request with this token. Other guards ignore tokens. */
export const lacksToken = (channel: string, token: Json | undefined): boolean =>
  head(channel) === "keyed/" && JSON.stringify(token) !== JSON.stringify(TOKEN);

/** The decision on a state: by its own guard on `moods/…`, by the publication guard on other channels. */
export const decisionOnState = (channel: string, state: Json): GuardDecision => {
  if (head(channel) === "moods/")
    return state === DENIED_STATE ? "deny" : state === CRASHING_STATE ? "throw" : "permit";
  const ruling = decisionOn("publish", channel);
  return ruling === "permit" && !targetChannels(channel).includes(channel) ? "deny" : ruling;
};

/** Channels that the subscription guard stages in addition, before it decides. */
export const stagedSubscriptions = (channel: string): string[] =>
  ["pair/", "staged/"].includes(head(channel)) && isPlain(rest(channel)) ? [`extra/${rest(channel)}`] : [];

/** The channels of a permitted publication. */
export const targetChannels = (channel: string): string[] => {
  if (head(channel) === "log/") return [];
  if (head(channel) === "spread/" && isPlain(rest(channel))) return [channel, `copies/${rest(channel)}`];
  return [channel];
};

const kindOf = (channel: string): ChannelKind => {
  const pattern = channel.endsWith("/*") ? undefined : mostSpecificPattern(Object.keys(CHANNELS), channel);
  return pattern === undefined ? {} : CHANNELS[pattern]!;
};

/** Whether a channel has history. */
export const hasHistory = (channel: string): boolean => kindOf(channel).history === true;

/** Whether a channel has presence. */
export const hasPresence = (channel: string): boolean => kindOf(channel).presence === true;

/** Whether the members of a channel may have states. */
export const hasState = (channel: string): boolean => kindOf(channel).state === true;

/** Whether the messages of a channel say who published them. */
export const hasFrom = (channel: string): boolean => kindOf(channel).from === true;

/** Whether a delivery guard removes the publisher of a channel's messages for an agent. */
export const hidesFrom = (channel: string, name: string): boolean => isTransformed(channel) && name === HIDING_AGENT;

/** Whether a delivery guard transforms the messages of a channel. */
export const isTransformed = (channel: string): boolean =>
  head(channel) === "shout/" && channel.length > "shout/".length;

/** Whether the rest of a channel's name is valid as another channel's name. */
const isPlain = (name: string): boolean => /^[a-z0-9]+(\/[a-z0-9]+)?$/.test(name);
