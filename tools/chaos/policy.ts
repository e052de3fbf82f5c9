/*
 * The decisions of the guards in a chaos run, as plain functions of names and data. The guard module (guards.ts)
 * implements them, and the checker expects them. All faults occur between the two.
 */

/**
 * How the guard of a publication behaves instead of permitting it at once. `slow` permits it later. `deny` denies it.
 * `throw`, `exit` and `hang` return no verdict.
 */
export type GuardBehavior = "slow" | "deny" | "throw" | "exit" | "hang";

/** The data of a publication. */
export interface Payload {
  /** The publisher's name. */
  by: string;
  /** The number of this publication among those of the same publisher. */
  n: number;
  do?: GuardBehavior;
  /** Padding that makes the message large. */
  pad?: string;
  /** The message is published as ephemeral. */
  ephemeral?: true;
}

/** The state of a member. No two have the same `by` and `n`. */
export type MemberState = Pick<Payload, "by" | "n" | "do">;

/** The credentials of a client. */
export interface Credentials {
  name: string;
  /** The user of the client. Two clients have the same user. */
  user: string;
  /** Selects the messages that the client may receive on channels with a delivery guard. */
  listenerGroup: number;
  /** Whether the client may read private channels. */
  insider: boolean;
}

/** The channels with delivery guards. */
export const DELIVERY_GUARDED = "guarded/*";

/** The channels that only insiders may subscribe to. */
const PRIVATE = "private/*";

/** The channels with subscription guards that are slow and sometimes crash. */
export const SLOWLY_GUARDED = "slow/*";

/** Number of listener groups. Each group receives all messages but one in so many. */
export const LISTENER_GROUPS = 3;

/** A channel whose guard publishes on a second channel too, and that channel. */
export const COPIED_CHANNEL = "spread/a";
const COPY_CHANNEL = "log/b";

/** The channels of a permitted publication. */
export const targetChannels = (channel: string): readonly string[] =>
  channel === COPIED_CHANNEL ? [COPIED_CHANNEL, COPY_CHANNEL] : [channel];

/** The channel whose members have states. */
export const STATE_CHANNEL = "present/a";

const isBelow = (pattern: string, channel: string): boolean => channel.startsWith(pattern.slice(0, -1));

/** Whether the guard permits a publication or a state, at once or later. */
export const isPermitted = (data: Pick<Payload, "do">): boolean => data.do === undefined || data.do === "slow";

/** The token that a client must send with each request for private channels; `undefined`: the channel needs none. */
export const tokenFor = (channel: string, who: Pick<Credentials, "name">): string | undefined =>
  isBelow(PRIVATE, channel) ? `token of ${who.name}` : undefined;

/** Whether a client may subscribe to a channel and read its history. */
export const maySubscribe = (channel: string, who: Pick<Credentials, "insider">): boolean =>
  who.insider || !isBelow(PRIVATE, channel);

/** Whether a client may receive a message of a channel. */
export const mayReceive = (
  channel: string,
  data: Pick<Payload, "n">,
  who: Pick<Credentials, "listenerGroup">,
): boolean => !isBelow(DELIVERY_GUARDED, channel) || data.n % LISTENER_GROUPS !== who.listenerGroup;
