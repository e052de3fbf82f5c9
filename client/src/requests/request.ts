import type { Action } from "../../../protocol/frames.js";
import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Transport } from "../connection/transport.js";
import type { PushItError } from "../errors.js";

/** The outcome of a request: an error or the contents of the reply, and the transport on which it was sent. */
export interface Outcome {
  error?: PushItError;
  data?: Json | undefined;
  /** The position of a published message, if its channel has history. */
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

/** The channel of a subscription request, as it travels in a frame. */
export interface SubscriptionTarget {
  channel: string;
  since?: Position | undefined;
  last?: number | undefined;
  present?: false | undefined;
}

/** The fields from which a request is created. */
export interface RequestFields {
  action: Action;
  /** The message's id, or the frame's. */
  uuid: string;
  channel?: string | undefined;
  /** The request's part of a frame, as JSON: a message, a channel, or a whole frame without its action. */
  payload: string;
  /** It is a message of which the server keeps nothing. So the server does not recognise a repetition. */
  ephemeral?: boolean | undefined;
  /** The channel of a subscription request. An extension may change it until the request is sent. */
  target?: SubscriptionTarget;
  /** Only one frame with requests of one key is in flight at a time. */
  orderingKey: string;
  /** How long it may wait, in milliseconds: in the queue, and again for its reply. @default - the option `timeout` */
  timeout?: number | undefined;
  /** Called once, when the request has ended. */
  onEnd: (outcome: Outcome) => void;
}

/** A request to the server, from the queue to its reply. */
export interface Request extends RequestFields {
  /**
   * `preparing`: the application is asked for its token. `waiting`: it was sent and failed, and keeps its place until it
   * is sent again.
   */
  state: "queued" | "preparing" | "inFlight" | "waiting";
  /** The size of its payload in UTF-8 when it was enqueued, and of its token. */
  bytes: number;
  /** The token as JSON, from the application's answer until the request is sent. */
  token?: string | undefined;
  /** The transport for which the application was asked for the token. */
  tokenTransport?: Transport | undefined;
  /** The frame in which it was last sent. */
  batch?: Batch;
  /** How often it was sent. */
  attempts: number;
  /** When it was sent for the first time, in epoch milliseconds. */
  firstSentAt?: number;
  /** The time after which it is not sent again, in epoch milliseconds. */
  retryUntil?: number;
  /** Cancels the timer that runs for it. */
  cancelTimer?: () => void;
}

/** Whether requests of an action carry the token of their channel. */
export const carriesToken = (action: Action): boolean =>
  action === "subscribe" || action === "history" || action === "presence";

/** Whether an action is about subscriptions, and not about messages. */
export const isSubscriptionAction = (action: Action): boolean => action === "subscribe" || action === "unsubscribe";

/** Whether an action carries messages. */
export const isPublicationAction = (action: Action): boolean => action === "publish" || action === "send";
