import type { Code } from "./codes.js";
import type { Json } from "./json.js";

/** Where somebody is in a channel's history: everything up to and including `offset` is known to them. */
export interface Position {
  /** Which history it is: a channel whose history was lost, or has expired as a whole, begins another one. */
  epoch: string;
  /** The number of the last message that is known, from 1 on; 0: none. */
  offset: number;
}

/** A message of a channel's history; its channel and epoch are those of what it travels in. */
export interface HistoryMessage {
  uuid: string;
  data: Json;
  offset: number;
}

/**
 * That a subscriber does not get the message at this position: its delivery guard withheld it, or its publisher spared
 * it. Whoever counts positions goes on with the next one.
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

/** `data` of a message on `/meta/history`: what the back end has deleted from a channel's history. */
export interface Deletion {
  channel: string;
  /** Left out: everything that was published on the channel until now. */
  messages?: DeletedMessage[];
}

/** Why the messages behind a position cannot all be given any more. */
export type GapCode = Extract<Code, "position_expired" | "epoch_changed" | "too_far_behind">;

/** What is told of a channel's history: in the answers to `subscribe` and `history`. */
export interface Replay {
  channel: string;
  /** Where whoever has taken `messages` is. */
  position: Position;
  /** In the order of their offsets; descending where the request said `reverse`. */
  messages?: HistoryMessage[];
  /** There is more than this answer holds: ask with `history` from `position` on. */
  more?: true;
  /** What comes next is not decided yet: in how many milliseconds it will be. Ask with `history` then, unless it came. */
  pendingMs?: number;
  /** Whether everything behind the position that was asked about is here, or follows; left out where none was. */
  recovered?: boolean;
  /** Why not, where `recovered` is false; `position` is then the newest. */
  code?: GapCode;
}

/** `data` of a `history` frame. */
export interface HistoryQuery {
  channel: string;
  /** Messages behind this position; with `reverse`, those before it. @default - from the oldest; with `reverse`, from the newest */
  since?: Position;
  /** Most messages in the answer: 1 to `MAX_HISTORY_PAGE_SIZE`. @default MAX_HISTORY_PAGE_SIZE */
  limit?: number;
  /** Newest first. @default false */
  reverse?: boolean;
}

/** `action: "history"`. */
export interface HistoryFrame {
  action: "history";
  channel: "/meta/history";
  uuid: string;
  data: HistoryQuery;
}
