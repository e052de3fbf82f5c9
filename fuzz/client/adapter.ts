/**
 * All that the model knows of the SDK's shape. The model shares only types with the SDK and the protocol; what is
 * called differently in another version of the SDK is renamed here.
 */
import { PushIt, type Socket } from "../../client/index.js";
import type { Platform } from "./platform.js";

export type { Position } from "../../protocol/index.js";
export { PushItError, type StateChange } from "../../client/index.js";

/** What is given for a WebSocket class. */
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** The names of fields on the wire that versions of the protocol spell differently. */
export const WIRE = {
  historyCheck: "checkEvery",
  presenceCheck: "presentEvery",
  lagging: "behind",
  absent: "absent",
  pending: "pending",
  expiresIn: "expiresIn",
  /** What a ping says of the channels on which the agent is still there. */
  present: "present",
} as const;

/** What this version of the SDK promises beyond the first one. */
export const PROMISES = {
  /** Each handle that subscribed holds the channel; the server is asked to unsubscribe when the last one has left. */
  holders: false,
  /** The old connection is drained for this many milliseconds after a rotation. */
  drain: 0,
  /** After a freeze or `offline` the state is `connecting` with the socket kept, until a ping decides. */
  doubt: false,
  /** A failed unsubscription is tried again, as long as the channel is not wanted. */
  unsubscribesAgain: false,
  /** A dead network is noticed within this many milliseconds of the first frame that was sent into it. */
  notices: Infinity,
  /** `me` names the agent of the connection in use. */
  me: false,
  /** `reset()` forgets everything. */
  reset: false,
};

/** What a walk decides about its client. All times are in milliseconds. */
export interface ClientOptions {
  channels: string[];
  credentials?: unknown;
  since: Record<string, unknown>;
  pingInterval: number;
  connectionLifetime: number;
  suspendWhenHidden?: number;
  queueLimit?: number;
}

/** Makes the client under test. It connects at once. */
export const createClient = (options: ClientOptions, platform: Platform, WebSocket: SocketClass): PushIt =>
  new PushIt({ url: "wss://push-it.test/stage", ...options, since: options.since as never, WebSocket, host: platform as never });

/** The client under test. */
export type Client = PushIt;

/** How many requests the client keeps, if this version lets that be seen. */
export const openRequests = (client: Client): number | undefined => client._core._open.size;
