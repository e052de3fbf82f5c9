import type { Json, Message } from "../../protocol/frames.js";
import type { Position, HistoryMessage } from "../../protocol/history.js";
import type { Member } from "../../protocol/presence.js";
import type { PushItError, RequestCode } from "./errors.js";
import type { StateChange } from "./state.js";
import type { SubscriptionEvents } from "./subscriptions.js";

/** A message as it arrives. `Data` is what the application agrees on; nobody checks it. */
export interface ReceivedMessage<Data = unknown> extends Message<Data> {
  /** The same as `data`. */
  payload: Data;
}

/** A message to publish: `channel` and `data`, for which `message` is accepted too. */
export type Outgoing<Data = unknown> = {
  /** Where to publish it. */
  channel: string;
  /**
   * Its id: 1 to 64 of `0-9A-Za-z-_`.
   * @default a new one
   */
  uuid?: string;
  /**
   * `false` spares this client its own copy, if it is subscribed.
   * @default true
   */
  echo?: boolean;
} & ({ /** Anything that JSON can say. */ data: Data } | { /** The same, as older clients call it. */ message: Data });

/** What a publisher learns of its message. */
export interface Published {
  /** The message's id. */
  uuid: string;
  /** What the publication guard gave with `agent.publicationSuccess(message, result)`. */
  result?: Json | undefined;
}

/** Told when a request failed. */
export type OnError = (error: PushItError) => void;

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * Where the application is: what was published behind it is told first, where the channel has history. A message is a
   * position, too. Where this client has a position of its own, that counts.
   * @default - what is published from now on
   */
  since?: Position | undefined;
}

/** What of a channel's history is wanted. */
export interface HistoryOptions {
  /**
   * Messages behind this position; with `reverse`, those before it.
   * @default - from the oldest; with `reverse`, from the newest
   */
  since?: Position;
  /**
   * Most messages in the answer: 1 to 100.
   * @default 100
   */
  limit?: number;
  /**
   * Newest first.
   * @default false
   */
  reverse?: boolean;
}

/** A part of a channel's history. */
export interface Recorded<Data = unknown> {
  channel: string;
  messages: (Omit<HistoryMessage, "data"> & { data: Data })[];
  /** Where whoever has taken these is: ask on from there. */
  position: Position;
  /** There is more. */
  more?: true;
  /** Where it was asked since a position: whether everything behind it is here, or follows. */
  recovered?: boolean;
  /** Why not. */
  code?: RequestCode;
}

/** Who is present on a channel. */
export interface Present {
  count: number;
  members: Member[];
}

/** Somebody who came or went. */
export interface PresenceEvent extends Member {
  channel: string;
}

/** Who comes and goes, on channels with presence. */
export interface PresenceEvents {
  /** Somebody subscribed to a channel. */
  join: PresenceEvent;
  /** Somebody is not subscribed to it any more. */
  leave: PresenceEvent;
}

/** The events of `pushIt.on(…)`. */
export interface Events extends SubscriptionEvents, PresenceEvents {
  /** The state changed, or an attempt to connect failed. */
  state: StateChange;
  /** A message arrived, on whatever channel. */
  message: ReceivedMessage;
}

/** The events of `channel.on(…)`: those of `pushIt.on(…)` that concern the channel. */
export interface ChannelEvents<Data = unknown> extends SubscriptionEvents, PresenceEvents {
  /** A message arrived on the channel, or on one that the wildcard matches. */
  message: ReceivedMessage<Data>;
}
