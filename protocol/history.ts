import type { Code } from "./codes.js";
import type { Json } from "./json.js";
import type { MessageFrom } from "./message-from.js";

/** A client's position in a channel's history: it has everything up to and including `offset`. */
export interface Position {
  /** The history's id. A channel whose history was lost, or has expired as a whole, starts a new one. */
  epoch: string;
  /** The number of the last message that the client has, from 1 on. 0: it has none. */
  offset: number;
}

/** A message of a channel's history. The surrounding reply has its channel and epoch. */
export interface HistoryMessage {
  uuid: string;
  data: Json;
  offset: number;
  /** When the server accepted it, in epoch milliseconds. */
  at?: number;
  /** Its publisher, on channels whose options say so. */
  from?: MessageFrom;
}

/**
 * A subscriber does not receive the message at this position: its delivery guard withheld it, or its publisher excluded
 * this subscriber. A client that counts offsets goes on with the next one.
 */
export interface WithheldMessage {
  channel: string;
  epoch: string;
  offset: number;
}

/** A message that was deleted. */
export interface DeletedMessage extends Position {
  uuid: string;
}

/** `data` of a message on `/meta/history`: the back end has deleted messages from a channel's history. */
export interface Deletion {
  channel: string;
  /** @default - all messages that were published on the channel until now */
  messages?: DeletedMessage[];
}

/** Why the server cannot send all messages after a position. */
export type GapCode = Extract<Code, "position_expired" | "epoch_changed" | "too_far_behind">;

/** A part of a channel's history, in the replies to `subscribe` and `history`. */
export interface Replay {
  channel: string;
  /** The client's position after it has taken `messages`. */
  position: Position;
  /** By ascending offset, or descending if the request had `reverse`. */
  messages?: HistoryMessage[];
  /** There are more messages than this reply holds. Request them with `history` from `position` on. */
  more?: true;
  /** In a reply to `last`: the history keeps older messages than these. Read them with `history` and `reverse`. */
  older?: true;
  /**
   * The next message is not stored yet. After this many milliseconds it is certain whether it will be. If the message
   * has not arrived by then, request it with `history`.
   */
  pendingMs?: number;
  /** If the request had a position: whether all messages after it are here, or follow. */
  recovered?: boolean;
  /** Why `recovered` is false. `position` is then the newest one. */
  code?: GapCode;
}

/** `data` of a `history` frame. */
export interface HistoryQuery {
  channel: string;
  /**
   * Messages after this position, or with `reverse` before it.
   * @default - from the oldest, or with `reverse` from the newest
   */
  since?: Position;
  /** Most messages in the reply: 1 to `MAX_HISTORY_PAGE_SIZE`. @default MAX_HISTORY_PAGE_SIZE */
  limit?: number;
  /** Newest first. @default false */
  reverse?: boolean;
  /** For the subscription guard: at most `MAX_TOKEN_BYTES` of JSON. The server does not store it. */
  token?: Json;
}
