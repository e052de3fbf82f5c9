import type { Position } from "../../protocol/history.js";
import { type AppStateLike, isInteractive, type Platform, type SocketClass } from "./platform/platform.js";

/** Any JSON value, or a function that gives one, possibly later. */
export type Credentials = unknown;

/** Where the SDK writes what it does. `console` is one. Neither credentials nor data of messages are written. */
export interface Logger {
  /** State changes and frames. */
  debug?(...details: unknown[]): void;
  /** Errors that no listener receives. */
  warn?(...details: unknown[]): void;
}

/** What `new PushIt(…)` takes, also that of `push-it-client/core`. All times are in milliseconds. */
export interface CoreOptions {
  /** The URL of the Push-It stage: `wss://….execute-api.….amazonaws.com/stage`. */
  url: string;
  /**
   * Channels to subscribe to, on this connection and on every later one.
   * @default []
   */
  channels?: readonly string[] | undefined;
  /**
   * What the connection guard sees: any JSON value of at most 4,096 bytes, or a (possibly async) function that gives one.
   * The SDK calls the function on every attempt to connect, and again before what it gave expires.
   * @default undefined - the guard sees `undefined`
   */
  credentials?: Credentials;
  /**
   * Whether to connect at once. If not, `connect()` does.
   * @default true in a page, a worker, React Native, and if `WebSocket` is given; otherwise false, so that a server that
   * renders pages opens no connection
   */
  autoConnect?: boolean | undefined;
  /**
   * How long a request may wait: once in the queue, and once more for its reply. The default is above the 29 s after
   * which API Gateway gives up on a Lambda. It also bounds an attempt to connect, `credentials` included.
   * @default 30_000
   */
  timeout?: number | undefined;
  /**
   * How often to ask whether the connection still works, less up to a tenth, at random. A client that sends nothing
   * notices a dead network within this time and `pingTimeout`. API Gateway closes a connection that is idle for 10 minutes.
   * @default 540_000 - 9 minutes
   */
  pingInterval?: number | undefined;
  /**
   * How long the reply to a ping may take before the connection counts as dead.
   * @default 10_000
   */
  pingTimeout?: number | undefined;
  /**
   * How long the server may be silent after the SDK sent something, before the SDK asks with a ping whether it is there.
   * @default 4_000
   */
  suspectAfter?: number | undefined;
  /**
   * The bound of the random wait before the first attempt to reconnect. It doubles with each attempt that fails.
   * @default 1_000
   */
  retryBase?: number | undefined;
  /**
   * The largest such bound. It also bounds the wait before a subscription or renewal that failed is tried again, and the
   * time before its end at which an agent is renewed.
   * @default 30_000
   */
  retryCap?: number | undefined;
  /**
   * How many requests may be open before further publications are refused with `queue_full`.
   * @default 1_000
   */
  queueLimit?: number | undefined;
  /**
   * The WebSocket class: the `ws` package's, for example, on a Node without one.
   * @default platform.WebSocket
   */
  WebSocket?: SocketClass | undefined;
  /**
   * Where to write what the SDK does.
   * @default - nowhere
   */
  logger?: Logger | undefined;
  /**
   * React Native's `AppState`. When the app comes back to the front, the SDK asks the server at once.
   * @default - the page's own events
   */
  appState?: AppStateLike | undefined;
  /**
   * Clock, timers, randomness and page events, for tests and unusual runtimes.
   * @default globalThis
   */
  platform?: Platform | undefined;
}

/** What `new PushIt(…)` takes. All times are in milliseconds. */
export interface PushItOptions extends CoreOptions {
  /**
   * Where the application is on channels with history, from an earlier life of the page. It receives what was published
   * after that. On a channel without history this changes nothing.
   * @default {}
   * @example new PushIt({ url, channels: ["chat"], since: { chat: JSON.parse(localStorage.chat) } })
   */
  since?: Readonly<Record<string, Position>> | undefined;
  /**
   * How often to ask whether channels with history have gone on. So the SDK notices the loss of a last message.
   * @default - what the server says
   */
  checkInterval?: number | undefined;
  /**
   * How long API Gateway lets a connection live. Before it is over, the SDK moves to a new connection.
   * @default 7_200_000 - 2 hours
   */
  connectionLifetime?: number | undefined;
  /**
   * How long the old connection still receives after the move to a new one. Messages that workers deliver in this time
   * are not lost. At most a quarter of `connectionLifetime`.
   * @default 30_000
   */
  drainTime?: number | undefined;
  /**
   * How long a page may be hidden before its connection is closed. When the page is seen again, it connects at once. A
   * connection is paid for by the minute.
   * @default - never
   */
  suspendWhenHidden?: number | undefined;
}

/** The options with their defaults. */
export type ResolvedOptions<Options extends CoreOptions = CoreOptions> = Options &
  Required<Pick<Options, keyof typeof DEFAULTS | "platform" | "autoConnect">>;

/** The defaults of times, in milliseconds, and of numbers. The options' own comments say why. */
export const DEFAULTS = {
  timeout: 30_000,
  pingInterval: 540_000,
  pingTimeout: 10_000,
  suspectAfter: 4_000,
  retryBase: 1_000,
  retryCap: 30_000,
  queueLimit: 1_000,
};

/**
 * Fills in the defaults.
 * @throws TypeError if `url` is not the URL of a WebSocket
 */
export const resolveOptions = <Options extends CoreOptions>(options: Options): ResolvedOptions<Options> => {
  if (!/^wss?:\/\/[^/]/i.test(options?.url))
    throw new TypeError(
      `"url" must be a WebSocket URL such as "wss://….amazonaws.com/live"; it is ${JSON.stringify(options?.url)}.`,
    );
  return {
    ...DEFAULTS,
    platform: globalThis,
    autoConnect: options.WebSocket !== undefined || isInteractive(),
    // An option that is there and undefined is left out.
    ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options),
  };
};
