import type { Action } from "../../../protocol/frames.js";
import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Transport } from "../connection/transport.js";
import type { PushItError } from "../errors.js";

/** The outcome of a request: an error, or what the server's reply carried, and the transport it came by. */
export interface Outcome {
  error?: PushItError;
  data?: Json | undefined;
  /** Where a published message is, if its channel has history. */
  position?: Position | undefined;
  transport?: Transport | undefined;
}

/** Requests that were sent in one frame. */
export interface Batch {
  transport: Transport;
  /** The frame's id, by which the server replies to subscriptions. Messages have ids of their own. */
  uuid: string;
  size: number;
}

/** What a request is made from. */
export interface RequestFields {
  action: Action;
  /** The message's id, or the frame's. */
  uuid: string;
  channel?: string | undefined;
  /** What a frame carries of it, as JSON: a message, a channel, a whole frame without its action. */
  payload: string;
  /** Requests of one key are sent one frame after the other. */
  orderingKey: string;
  /** How long it may wait, in milliseconds: in the queue, and again for its reply. @default - the option `timeout` */
  timeout?: number | undefined;
  /** Called once, when the request has ended. */
  onEnd: (outcome: Outcome) => void;
}

/** Something asked of the server, on its way from the queue to its reply. */
export interface Request extends RequestFields {
  /** `waiting`: it was sent and failed, and holds its place until it is sent again. */
  state: "queued" | "inFlight" | "waiting";
  /** How long its payload was in UTF-8 when it was asked. */
  bytes: number;
  /** What travels with it, from when it is sent. */
  batch?: Batch;
  /** How often it was sent. */
  attempts: number;
  /** When it was sent for the first time, in epoch milliseconds. */
  firstSentAt?: number;
  /** When it will not be sent again, in epoch milliseconds. */
  retryUntil?: number;
  /** Stops the clock that runs for it. */
  cancelTimer?: () => void;
}

/** Whether an action is about subscriptions, and not about messages. */
export const isSubscriptionAction = (action: Action): boolean => action === "subscribe" || action === "unsubscribe";

/** Whether an action carries messages. */
export const isPublicationAction = (action: Action): boolean => action === "publish" || action === "send";
