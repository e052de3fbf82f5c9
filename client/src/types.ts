import type { Message } from "../../protocol/frames.js";
import type { Json } from "../../protocol/json.js";
import type { Deletion, HistoryMessage, Position } from "../../protocol/history.js";
import type { Member } from "../../protocol/presence.js";
import type { StateChange } from "./connection/state.js";
import type { PushItError, RequestCode } from "./errors.js";
import type { Sendable } from "./json.js";

/** A message that arrived. `Data` is the application's type; the SDK does not check it. */
export interface ReceivedMessage<Data = unknown> extends Message<Data> {
  /** The same as `data`. */
  payload: Data;
}

/** A message to publish: `channel` and `data`, or `message` for `data`. */
export type PublishRequest<Data = unknown> = {
  /** The channel on which to publish it. */
  channel: string;
  /**
   * Its id: 1 to 64 of `0-9A-Za-z-_`.
   * @default a new one
   */
  uuid?: string | undefined;
  /**
   * `false`: this client does not receive its own message.
   * @default true
   */
  echo?: boolean | undefined;
  /**
   * `true`: subscribers receive the message now or never. The server keeps nothing of it, also on channels with history
   * or `latest`. For typing indicators and cursors.
   * @default false
   */
  ephemeral?: boolean | undefined;
} & (
  | { /** Anything that JSON can carry. */ data: Data & Sendable<Data> }
  | { /** The same, under its older name. */ message: Data & Sendable<Data> }
);

/** The result of a publication. */
export interface PublishResult {
  /** The message's id. */
  uuid: string;
  /** The result that the publication guard passed to `agent.publicationSuccess(message, result)`. */
  result?: Json | undefined;
}

/** Called when a request failed. */
export type OnError = (error: PushItError) => void;

/** Returns the token of a channel, or a promise of it: any JSON value of at most 2,048 bytes. `undefined`: none. */
export type TokenFunction = () => Json | undefined | Promise<Json | undefined>;

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * The application's position. On a channel with history it first receives the messages after that. A message is also
   * a valid position. If this client already has a position of its own, that one counts.
   * @default - only messages that are published from now on
   */
  since?: Partial<Position> | undefined;
  /**
   * On a channel with history: how many of the newest messages to receive first, 1 to 100. They go to the listeners of
   * the object that subscribes and to no others, also if this client has received them before. The reply holds as many
   * as fit a frame: read older ones with `history({ reverse: true, since })`. With `since` as well, they are for a
   * position from which the messages cannot be recovered.
   * @default - none
   */
  last?: number | undefined;
  /**
   * Returns a token for the subscription guard. The SDK calls it again before each subscribe, `history` and `presence`
   * request of the channel, also after a reconnection, and does not store what it returns. If several objects of a
   * channel have one, the newest counts. If it throws or returns nothing within `timeout`, the SDK retries later.
   * @default - no token
   */
  token?: TokenFunction | undefined;
  /**
   * `false`: on a channel with presence, this client only observes. It receives all messages and events, and is not a
   * member. It is one as long as any other part of the page has subscribed without this.
   * @default true
   */
  present?: boolean | undefined;
}

/** Which part of a channel's history to read. */
export interface HistoryOptions {
  /**
   * Messages after this position, or with `reverse` before it.
   * @default - from the oldest, or with `reverse` from the newest
   */
  since?: Position | undefined;
  /**
   * Most messages in the reply: 1 to 100.
   * @default 100
   */
  limit?: number | undefined;
  /**
   * Newest first.
   * @default false
   */
  reverse?: boolean | undefined;
}

/** A part of a channel's history. */
export interface HistoryPage<Data = unknown> {
  channel: string;
  messages: (Omit<HistoryMessage, "data"> & { data: Data })[];
  /** The position after these messages. Read on from it. */
  position: Position;
  /** There are more messages. */
  more?: true;
  /** If the request had a position: whether all messages after it are here, or follow. */
  recovered?: boolean;
  /** Why `recovered` is false. */
  code?: RequestCode;
}

/** The members of a channel. */
export interface PresenceSet {
  count: number;
  members: Member[];
}

/** The presence of a channel: called as a function, it reads the members. */
export interface ChannelPresence {
  /** Reads the members of this very channel. Rejects with a `PushItError`. */
  (): Promise<PresenceSet>;
  /**
   * Sets this client's state on the channel, such as `{ typing: true }`. The other members get the event `change`. It
   * replaces the last state, and stays until this client leaves the channel: after a reconnection the SDK sets it again.
   * If it is called again before the server has replied, only the last state counts. Rejects with a `PushItError`.
   * @param state at most 512 bytes of JSON. `null` or left out: no state
   */
  set(state?: Json): Promise<void>;
}

/** A member joined or left, or its state changed. */
export interface PresenceEvent extends Member {
  channel: string;
}

/** The events of subscriptions. */
export interface SubscriptionEvents {
  /**
   * The client is subscribed to a channel, for the first time or again after a reconnection. If `recovered` is true,
   * the messages that it missed follow. Otherwise they are lost; if it is false, `code` is the reason.
   */
  subscribed: { channel: string; recovered?: boolean | undefined; code?: RequestCode | undefined };
  /**
   * The client is not subscribed to a channel any more: on its own request, or because of `error`. The SDK does not
   * retry.
   */
  unsubscribed: { channel: string; error?: PushItError | undefined };
  /** A request failed, and no callback or promise could receive the error. */
  error: PushItError;
}

/** The event of deletions, on channels with history. */
export interface HistoryEvents {
  /**
   * The back end has deleted messages from a channel's history: delete your copies. Without `messages`, it has deleted
   * all messages until now. A copy that was on its way may arrive after this event.
   */
  deleted: Deletion;
}

/** The events of members, on channels with presence. */
export interface PresenceEvents {
  /** A user, or a client without a user's id, is a member of a channel from now on. Or its `info` changed. */
  join: PresenceEvent;
  /** The last connection of a member has left the channel. */
  leave: PresenceEvent;
  /** A member has another `state`, or none any more. */
  change: PresenceEvent;
}

/** The events of `pushIt.on(…)`. */
export interface Events extends SubscriptionEvents, PresenceEvents, HistoryEvents {
  /** The state changed, or an attempt to connect failed. */
  state: StateChange;
  /** The server has sent this client's identity: `pushIt.me`. It may be the same as before. */
  me: Pick<Member, "agent" | "userId">;
  /** The application has called `reset()`: forget what its user has seen. */
  reset: undefined;
  /** A message arrived on any channel. */
  message: ReceivedMessage;
  /**
   * The SDK has moved to a new connection before the old one's two hours were over, and the old one is closed. A very
   * late message on it is lost on `channels`, which have no history.
   */
  rotated: { channels: string[] };
}

/** The events of `channel.on(…)`: the events of `pushIt.on(…)` that concern the channel. */
export interface ChannelEvents<Data = unknown> extends SubscriptionEvents, PresenceEvents, HistoryEvents {
  /** A message arrived on the channel, or on a channel that the wildcard matches. */
  message: ReceivedMessage<Data>;
}
