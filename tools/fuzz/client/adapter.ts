/** The only part of the model that knows the SDK's API. The model shares only types with the SDK and the protocol. */
import { PushIt, type Socket } from "../../../client/src/index.js";
import type { Platform } from "./platform.js";

export type { Position } from "../../../protocol/index.js";
export { PushItError, type StateChange } from "../../../client/src/index.js";

/** A class that the SDK uses as WebSocket. */
export type SocketClass = new (url: string, protocols: string[]) => Socket;

/** Names of fields on the wire. */
export const WIRE = {
  historyCheck: "historyCheckIntervalMs",
  presenceCheck: "presenceIntervalMs",
  lagging: "laggingChannels",
  absent: "absentChannels",
  pending: "pendingMs",
  expiresIn: "expiresInMs",
  /** The channels in a ping on which the agent is present. */
  present: "presentChannels",
  heartbeats: "heartbeats",
} as const;

/** How long the old connection still receives after a rotation, in milliseconds. */
export const DRAIN_MS = 30_000;

/** Maximum time until the client notices a dead network, in milliseconds from its first lost frame. */
export const HEARTBEAT_LIMIT_MS = 15_000;

/** The client options that a walk selects. Times are in milliseconds. */
export interface ClientOptions {
  channels: string[];
  credentials?: unknown;
  since: Record<string, unknown>;
  pingInterval: number;
  connectionLifetime: number;
  suspendWhenHidden?: number;
  queueLimit?: number;
}

/** Creates the client under test, which connects at once. */
export const createClient = (options: ClientOptions, platform: Platform, WebSocket: SocketClass): PushIt =>
  new PushIt({ url: "wss://push-it.test/stage", ...options, since: options.since as never, WebSocket, platform });

/** The client under test. */
export type Client = PushIt;
