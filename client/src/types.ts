import type { Message } from "../../protocol/frames.js";
import type { Json } from "../../protocol/json.js";
import type { Deletion, HistoryMessage, Position } from "../../protocol/history.js";
import type { Member } from "../../protocol/presence.js";
import type { StateChange } from "./connection/state.js";
import type { PushItError, RequestCode } from "./errors.js";
import type { Sendable } from "./json.js";

/** A message as it arrives. `Data` is what the application agrees on; nobody checks it. */
export interface ReceivedMessage<Data = unknown> extends Message<Data> {
  /** The same as `data`. */
  payload: Data;
}

/** A message to publish: `channel` and `data`, or `message` for `data`. */
export type PublishRequest<Data = unknown> = {
  /** The channel to publish it on. */
  channel: string;
  /**
   * Its id: 1 to 64 of `0-9A-Za-z-_`.
   * @default a new one
   */
  uuid?: string | undefined;
  /**
   * `false` spares this client its own copy, if it is subscribed.
   * @default true
   */
  echo?: boolean | undefined;
} & (
  | { /** Anything that JSON can carry. */ data: Data & Sendable<Data> }
  | { /** The same, as older clients call it. */ message: Data & Sendable<Data> }
);

/** What a publisher learns of its message. */
export interface PublishResult {
  /** The message's id. */
  uuid: string;
  /** What the publication guard gave with `agent.publicationSuccess(message, result)`. */
  result?: Json | undefined;
}

/** Called when a request failed. */
export type OnError = (error: PushItError) => void;

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * Where the application is. On a channel with history it first receives what was published after that. A message is a
   * position, too. A position that this client has of its own counts before it.
   * @default - what is published from now on
   */
  since?: Partial<Position> | undefined;
}

/** Which part of a channel's history to read. */
export interface HistoryOptions {
  /**
   * Messages after this position; with `reverse`, those before it.
   * @default - from the oldest; with `reverse`, from the newest
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
  /** The position after these messages: read on from there. */
  position: Position;
  /** There is more. */
  more?: true;
  /** If the request had a position: whether everything after it is here, or follows. */
  recovered?: boolean;
  /** Why not. */
  code?: RequestCode;
}

/** Who is present on a channel. */
export interface PresenceSet {
  count: number;
  members: Member[];
}

/** Somebody came or went. */
export interface PresenceEvent extends Member {
  channel: string;
}

/** The events of subscriptions. */
export interface SubscriptionEvents {
  /**
   * A channel is subscribed: for the first time, or again after a reconnection. What was published meanwhile is missed,
   * unless `recovered` is true: then it follows. If it is false, `code` says why some messages cannot be had any more.
   */
  subscribed: { channel: string; recovered?: boolean | undefined; code?: RequestCode | undefined };
  /** A channel is not subscribed any more: as asked, or because of `error`, after which the SDK does not try again. */
  unsubscribed: { channel: string; error?: PushItError | undefined };
  /** Something failed, and no callback or promise could receive it. */
  error: PushItError;
}

/** What is deleted, on channels with history. */
export interface HistoryEvents {
  /**
   * The back end has deleted messages from a channel's history: forget your copies. Without `messages`, all that was
   * published until now. A copy that was on its way may arrive after this.
   */
  deleted: Deletion;
}

/** Who comes and goes, on channels with presence. */
export interface PresenceEvents {
  /** Somebody subscribed to a channel. */
  join: PresenceEvent;
  /** Somebody is not subscribed to it any more. */
  leave: PresenceEvent;
}

/** The events of `pushIt.on(…)`. */
export interface Events extends SubscriptionEvents, PresenceEvents, HistoryEvents {
  /** The state changed, or an attempt to connect failed. */
  state: StateChange;
  /** A message arrived, on any channel. */
  message: ReceivedMessage;
  /**
   * The connection was replaced before its two hours were over, and the old one is closed. On `channels`, which have no
   * history, a message that a worker delivers even later is missed.
   */
  rotated: { channels: string[] };
}

/** The events of `channel.on(…)`: those of `pushIt.on(…)` that concern the channel. */
export interface ChannelEvents<Data = unknown> extends SubscriptionEvents, PresenceEvents, HistoryEvents {
  /** A message arrived on the channel, or on one that the wildcard matches. */
  message: ReceivedMessage<Data>;
}
