import type { Json, Message } from "../protocol/frames.js";
import type { PushItError } from "./errors.js";
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

/** The events of `pushIt.on(…)`. */
export interface Events extends SubscriptionEvents {
  /** The state changed, or an attempt to connect failed. */
  state: StateChange;
  /** A message arrived, on whatever channel. */
  message: ReceivedMessage;
}

/** The events of `channel.on(…)`: those of `pushIt.on(…)` that concern the channel. */
export interface ChannelEvents<Data = unknown> extends SubscriptionEvents {
  /** A message arrived on the channel, or on one that the wildcard matches. */
  message: ReceivedMessage<Data>;
}
