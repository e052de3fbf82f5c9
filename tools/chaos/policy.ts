/*
 * What the guards of a chaos run decide, as plain functions of names and data. The guard module (guards.ts) acts on
 * them, and the checker expects what they say: between the two stands all that is struck.
 */

/**
 * What a publication has its guard do instead of permitting it at once. `slow`: permit it later. All others get no
 * permission: `deny` a denial, `throw`, `exit` and `hang` no verdict at all.
 */
export type GuardBehavior = "slow" | "deny" | "throw" | "exit" | "hang";

/** What is published. */
export interface Payload {
  /** The publisher's name. */
  by: string;
  /** Its publications, counted. */
  n: number;
  do?: GuardBehavior;
  /** Makes the message as large as it is. */
  pad?: string;
}

/** What a client connects with, and what its guard leaves of it. */
export interface Credentials {
  name: string;
  /** Tells which messages of guarded channels it may hear. */
  listenerGroup: number;
  /** Whether it may read what is private. */
  insider: boolean;
}

/** The channels below which delivery guards decide. */
export const DELIVERY_GUARDED = "heard/*";

/** The channels below which insiders only may subscribe. */
const PRIVATE = "private/*";

/** The channels below which subscription guards are slow, and sometimes dead. */
export const SLOWLY_GUARDED = "slow/*";

/** How many ears there are: each hears all but one in so many messages. */
export const LISTENER_GROUPS = 3;

/** The channel whose guard publishes on another one as well, and that one. */
const COPIED_CHANNEL = "spread/a";
const COPY_CHANNEL = "log/b";

/** The channels that a permitted publication is for. */
export const targetChannels = (channel: string): readonly string[] =>
  channel === COPIED_CHANNEL ? [COPIED_CHANNEL, COPY_CHANNEL] : [channel];

const isBelow = (pattern: string, channel: string): boolean => channel.startsWith(pattern.slice(0, -1));

/** Whether a publication's guard says yes, sooner or later. */
export const isPermitted = (data: Pick<Payload, "do">): boolean => data.do === undefined || data.do === "slow";

/** Whether a client may subscribe to a channel, and read its history. */
export const maySubscribe = (channel: string, who: Pick<Credentials, "insider">): boolean =>
  who.insider || !isBelow(PRIVATE, channel);

/** Whether a client may hear a message of a channel. */
export const mayReceive = (
  channel: string,
  data: Pick<Payload, "n">,
  who: Pick<Credentials, "listenerGroup">,
): boolean => !isBelow(DELIVERY_GUARDED, channel) || data.n % LISTENER_GROUPS !== who.listenerGroup;
