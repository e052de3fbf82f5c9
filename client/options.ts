import type { Host, SocketClass } from "./host.js";

/** Any JSON value, or a function that gives one, possibly later. */
export type Credentials = unknown;

/** What `new PushIt(…)` takes. All times are in milliseconds. */
export interface PushItOptions {
  /** Where the Push-It stage is: `wss://….execute-api.….amazonaws.com/stage`. */
  url: string;
  /**
   * Channels to subscribe to, on this connection and every later one.
   * @default []
   */
  channels?: readonly string[];
  /**
   * What the connection guard sees: any JSON value of at most 4,096 bytes, or a (possibly async) function that gives
   * one and is asked on every attempt to connect, so that a token can be renewed.
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
   * The largest such bound.
   * @default 30_000
   */
  retryCap?: number;
  /**
   * How many publications may wait to be sent; more are refused with `queue_full`.
   * @default 1_000
   */
  queueLimit?: number;
  /**
   * The WebSocket class: the `ws` package's, say, on a Node without one.
   * @default globalThis.WebSocket
   */
  WebSocket?: SocketClass;
  /**
   * Clock, timers, randomness and page events, for tests and unusual runtimes.
   * @default globalThis
   */
  host?: Host;
}

/** The options with their defaults filled in. `credentials` is read anew for each attempt. */
export interface Settings {
  _url: string;
  _credentials: () => Credentials;
  _timeout: number;
  _pingInterval: number;
  _pingTimeout: number;
  _retryBase: number;
  _retryCap: number;
  _queueLimit: number;
  WebSocket: SocketClass;
  _host: Host;
}
