import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Member } from "../../../protocol/presence.js";
import type { DataToSend, PublishOptions } from "../base-channel.js";
import type { State, StateCode } from "../connection/state.js";
import type { PushItError } from "../errors.js";
import type { Received } from "../json.js";
import type { Credentials } from "../options.js";
import type { PublishResult, ReceivedMessage, TokenFunction, TypedMember } from "../types.js";

/**
 * A value that changes. Frameworks bind it with a few lines.
 * @example useSyncExternalStore(view.subscribe, view.getSnapshot, view.getServerSnapshot)
 */
export interface View<Value> {
  /**
   * Calls the listener after each change. The first listener starts the store, and a moment after the last one has
   * left, it stops.
   * @returns a function that removes the listener
   */
  subscribe(listener: () => void): () => void;
  /** The value now: immutable, and the same object until it changes. */
  getSnapshot(): Value;
  /** The value on a server, and in a browser until the page has taken over what the server rendered. */
  getServerSnapshot(): Value;
}

/** A connection, as a component sees it. */
export interface ConnectionSnapshot {
  state: State;
  /** Why the state changed, for programs. `undefined` before the first change. */
  code: StateCode | undefined;
  /** Why, for people. If a guard denied it, this is the guard's own reason. */
  reason: string;
  /** Milliseconds from the last change until the next attempt, if one waits. */
  retryIn: number | undefined;
  /** This client's identity at the server. `undefined` until the server has sent it. */
  me: Pick<Member, "agent" | "userId"> | undefined;
}

/**
 * The status of a subscription.
 * - `idle`: there is no name, or `enabled` is false.
 * - `subscribing`: not subscribed yet, or not at this moment. On a server it is always this.
 * - `subscribed`: every message that is published arrives.
 * - `denied`: the server has refused or ended the subscription or the connection; `error` says why. The SDK does not
 *   try again until the application calls `connect()`, or the component mounts again.
 */
export type ChannelStatus = "idle" | "subscribing" | "subscribed" | "denied";

/** A subscription, as a component sees it. */
export interface ChannelSnapshot {
  status: ChannelStatus;
  /**
   * Why it is denied, or the last error: while the SDK tries again, of reading the members, or of setting the state.
   * `message` is the reason, for people.
   */
  error: PushItError | undefined;
  /**
   * After a reconnection: `true` if all messages that were missed have arrived or follow, `false` if they are lost.
   * `undefined` if the channel has no history, or nothing was missed yet.
   */
  recovered: boolean | undefined;
}

/** A message in a list. */
export interface ListedMessage<Data = unknown> extends ReceivedMessage<Received<Data>> {
  /**
   * - `sent`: it was published.
   * - `pending`: this client is publishing it.
   * - `failed`: this client could not publish it; `error` says why. It can be published again.
   */
  status: "sent" | "pending" | "failed";
  /** Why it failed. */
  error?: PushItError | undefined;
  /** Whether this client or its user has published it. For other connections of a user the channel needs `from`. */
  own: boolean;
}

/** The messages of a channel, as a component sees them. */
export interface MessagesSnapshot<Data = unknown> extends ChannelSnapshot {
  /** Oldest first. Messages that are not published yet come last. */
  messages: readonly ListedMessage<Data>[];
  /** Whether the history keeps older messages: see `loadOlder`. */
  hasOlder: boolean;
}

/** A member in a list. */
export interface ListedMember<State = Json> extends TypedMember<State> {
  /** Whether this client is one of its connections, or has the same user. */
  own: boolean;
}

/** The members of a channel, as a component sees them. */
export interface MembersSnapshot<State = Json> extends ChannelSnapshot {
  members: readonly ListedMember<State>[];
}

/** The members that are typing, as a component sees them. */
export interface TypingSnapshot extends ChannelSnapshot {
  /** The other members that are typing now. */
  typing: readonly Member[];
}

/** A channel's last message, as a component sees it. */
export interface LatestSnapshot<Data = unknown> extends ChannelSnapshot {
  /** The last message that arrived. `undefined`: none yet. */
  message: ReceivedMessage<Received<Data>> | undefined;
}

/** The functions of a connection. */
export interface ConnectionActions {
  /** Connects, also after a denial. If the SDK waits before the next attempt, it makes the attempt at once. */
  connect(options?: { credentials?: Credentials }): void;
}

/** The functions of a subscription. */
export interface ChannelActions<Data = unknown> {
  /** Publishes. Rejects with a `PushItError`. */
  publish<Sent extends Data>(data: DataToSend<Data, Sent>, options?: PublishOptions): Promise<PublishResult>;
}

/** The functions of a list of messages. */
export interface MessagesActions<Data = unknown> {
  /**
   * Shows a message at once as `pending`, and publishes it. It becomes `sent` or `failed`.
   * @returns its uuid
   */
  publish<Sent extends Data>(data: DataToSend<Data, Sent>): string | undefined;
  /** Publishes a failed message again, with the same uuid, so that it cannot arrive twice. */
  retry(uuid: string): void;
  /** Removes a failed message. */
  discard(uuid: string): void;
  /** Reads the page of the history before the oldest message. Rejects with a `PushItError`. */
  loadOlder(): Promise<void>;
}

/** The functions of a list of members that are typing. */
export interface TypingActions {
  /** Call it on each key press. It makes this client a member, with the state `{ typing }` for 3 seconds. */
  keystroke(): void;
  /** Call it when the message is sent. */
  stop(): void;
}

/** The wishes of a component on a channel. */
export interface Wish {
  /** The position at which it begins. */
  since?: Partial<Position> | undefined;
  /** Returns the token for the subscription guard. */
  token?: TokenFunction | undefined;
  /** How many of the newest messages to begin with. */
  last?: number | undefined;
  /** The most messages to keep. */
  max?: number | undefined;
  /** Whether this client is to be a member. */
  present?: boolean | undefined;
  /** The state as a member. */
  state?: Json | undefined;
  /** Called with each message that arrives while the component listens. */
  onMessage?(message: ReceivedMessage): void;
  /** How often this client has said that it is typing. Without it, it is not. */
  typing?: number | undefined;
}
