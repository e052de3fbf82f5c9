import type { Position } from "../../protocol/history.js";
import type { Host, SocketClass } from "./host.js";

/** Any JSON value, or a function that gives one, possibly later. */
export type Credentials = unknown;

/** What `new PushIt(…)` takes, also that of `push-it-client/core`. All times are in milliseconds. */
export interface CoreOptions {
  /** Where the Push-It stage is: `wss://….execute-api.….amazonaws.com/stage`. */
  url: string;
  /**
   * Channels to subscribe to, on this connection and every later one.
   * @default []
   */
  channels?: readonly string[];
  /**
   * What the connection guard sees: any JSON value of at most 4,096 bytes, or a (possibly async) function that gives
   * one and is asked on every attempt to connect, and again before what it gave expires, so that a token can be renewed.
   * @default undefined - the guard sees `undefined`
   */
  credentials?: Credentials;
  /**
   * Whether to connect at once; otherwise `connect()` does.
   * @default true
   */
  autoConnect?: boolean;
  /**
   * How long a request may wait: once in the queue, and once more for its answer. The default is above the 29 s after
   * which API Gateway gives up on a Lambda. Also how long an attempt to connect may take, `credentials` included.
   * @default 30_000
   */
  timeout?: number;
  /**
   * How often to ask whether the connection still stands, less up to a tenth, at random. API Gateway closes a
   * connection that was idle for 10 minutes.
   * @default 540_000 - 9 minutes
   */
  pingInterval?: number;
  /**
   * How long the answer to a ping may take before the connection counts as dead.
   * @default 10_000
   */
  pingTimeout?: number;
  /**
   * The bound of the random wait before the first attempt to reconnect; it doubles with each that fails.
   * @default 1_000
   */
  retryBase?: number;
  /**
   * The largest such bound; also of the wait before a subscription or renewal that failed temporarily is tried again,
   * and of the time before its end at which an agent is renewed.
   * @default 30_000
   */
  retryCap?: number;
  /**
   * How many requests may wait to be sent before further publications are refused with `queue_full`.
   * @default 1_000
   */
  queueLimit?: number;
  /**
   * The WebSocket class: the `ws` package's, say, on a Node without one.
   * @default host.WebSocket
   */
  WebSocket?: SocketClass;
  /**
   * Clock, timers, randomness and page events, for tests and unusual runtimes.
   * @default globalThis
   */
  host?: Host;
}

/** What `new PushIt(…)` takes. All times are in milliseconds. */
export interface PushItOptions extends CoreOptions {
  /**
   * Where the application is on channels with history, from an earlier life of the page: it is told what was published
   * behind that. Where a channel has no history, this changes nothing.
   * @default {}
   * @example new PushIt({ url, channels: ["chat"], since: { chat: JSON.parse(localStorage.chat) } })
   */
  since?: Readonly<Record<string, Position>>;
  /**
   * How often to ask whether channels with history have gone on: a last message that was lost, and that no other follows,
   * is noticed so.
   * @default - what the server says
   */
  checkInterval?: number;
  /**
   * How long API Gateway lets a connection live. Before it is over, the next connection takes its place.
   * @default 7_200_000 - 2 hours
   */
  connectionLifetime?: number;
  /**
   * How long a page may be hidden before its connection is closed; when it is seen again, it connects at once. A
   * connection is paid for by the minute.
   * @default - never
   */
  suspendWhenHidden?: number;
}

/** The options as the SDK's parts see them: with the host that counts. */
export type Settings = PushItOptions & {
  host: Host;
  /** What the handshake offers besides. */
  _offers?: readonly string[];
};

/** Where nothing else is said, in milliseconds; `PushItOptions` tells why. */
export const TIMEOUT = 30_000;
export const PING_INTERVAL = 540_000;
export const PING_TIMEOUT = 10_000;
export const RETRY_BASE = 1_000;
export const RETRY_CAP = 30_000;
export const CONNECTION_LIFETIME = 7_200_000;

/** How many requests may wait where nothing else is said. */
export const QUEUE_LIMIT = 1_000;
