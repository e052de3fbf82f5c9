import type { Action, Json } from "../../protocol/frames.js";
import type { PushItError } from "./errors.js";

/** Ends a request: with an error, or without one and with what the server's answer carried. */
export type Settle = (error?: PushItError, data?: Json) => void;

/** Something asked of the server, on its way from the queue to its answer. */
export interface Request {
  _action: Action;
  /** Requests of one lane are in flight one frame after the other. */
  _lane: string;
  /** The message's id, or the frame's. */
  _uuid: string;
  _channel?: string | undefined;
  /** What a frame carries of it, as JSON: the message, the name of the channel. */
  _json: string;
  /** How long it may wait, in milliseconds: in the queue, and again for its answer. @default - as all others */
  _timeout?: number | undefined;
  /** How many may share its frame. @default as many as the protocol permits */
  _most?: number;
  /** How long that is in UTF-8; known once it is queued. */
  _bytes?: number;
  _settle: Settle;
  /** Stops the clock that runs for it. */
  _cancel?: () => void;
  /** All that travels in the same frame, from when it is sent. */
  _frame?: readonly Request[] | undefined;
  /** When it was sent for the first time, in epoch milliseconds. */
  _sent?: number;
}

/** Whether a request is about a subscription, and not a message. */
export const isSubscription = (action: string): boolean => action.endsWith("scribe");
