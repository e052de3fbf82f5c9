/**
 * All that the model knows of the SDK's shape. The model shares only types with the SDK and the protocol; what is
 * called differently in another version of the SDK is renamed here.
 */
import { PushIt, type Socket } from "../../../client/src/index.js";
import type { Platform } from "./platform.js";

export type { Position } from "../../../protocol/index.js";
export { PushItError, type StateChange } from "../../../client/src/index.js";

/** What is given for a WebSocket class. */
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** The names of fields on the wire that versions of the protocol spell differently. */
export const WIRE = {
  historyCheck: "historyCheckIntervalMs",
  presenceCheck: "presenceIntervalMs",
  lagging: "laggingChannels",
  absent: "absentChannels",
  pending: "pendingMs",
  expiresIn: "expiresInMs",
  /** What a ping says of the channels on which the agent is still there. */
  present: "presentChannels",
} as const;

/** For how long the old connection still receives after everything has moved, in milliseconds. */
export const DRAIN_MS = 30_000;

/** Within how many milliseconds a dead network is noticed, from the first frame that was sent into it. */
export const HEARTBEAT_LIMIT_MS = 15_000;

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
  new PushIt({ url: "wss://push-it.test/stage", ...options, since: options.since as never, WebSocket, platform });

/** The client under test. */
export type Client = PushIt;
