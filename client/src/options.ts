import type { ChannelTypeMap, TypedChannels } from "../../protocol/channel-types.js";
import type { Position } from "../../protocol/history.js";
import { type AppStateLike, isInteractive, type Platform, type SocketClass } from "./platform/platform.js";

/** Any JSON value, or a (possibly async) function that returns one. */
export type Credentials = unknown;

/** Receives the SDK's log lines, for example `console`. They contain neither credentials nor data of messages. */
export interface Logger {
  /** State changes and frames. */
  debug?(...details: unknown[]): void;
  /** Errors that no listener receives. */
  warn?(...details: unknown[]): void;
}

/** The options of `new PushIt(…)` in both SDKs. All times are in milliseconds. */
export interface CoreOptions<Types extends ChannelTypeMap = ChannelTypeMap> {
  /** The URL of the Push-It stage: `wss://….execute-api.….amazonaws.com/stage`. */
  url: string;
  /**
   * Channels to subscribe to, on this connection and on every later one.
   * @default []
   */
  channels?: readonly string[] | undefined;
  /**
   * The types of the channels, from `defineChannels`. `pushIt.channel(name)` has them. If an entry has a schema, a
   * publication or state that does not fit is refused before it is sent. A message that arrives and does not fit becomes
   * an `error` event.
   * @default - no types
   */
  types?: TypedChannels<Types> | undefined;
  /**
   * The credentials for the connection guard: any JSON value of at most 4,096 bytes, or a (possibly async) function
   * that returns one. The SDK calls the function on every attempt to connect, and again before the agent expires.
   * @default undefined - the guard gets `undefined`
   */
  credentials?: Credentials;
  /**
   * Whether to connect at once. If not, the application calls `connect()`.
   * @default true in a page, a worker and React Native, and if `WebSocket` is given. Otherwise false, so that a server
   * that renders pages does not open a connection
   */
  autoConnect?: boolean | undefined;
  /**
   * How long a request may wait in the queue, and again for its reply. API Gateway waits 29 s for a Lambda, so the
   * default is above that. It also limits an attempt to connect, including the call of `credentials`.
   * @default 30_000
   */
  timeout?: number | undefined;
  /**
   * How often to send a heartbeat, less a random part of up to a tenth. API Gateway closes a connection that is idle for
   * 10 minutes. The server replies to a heartbeat only if there is news. With a value below the default the SDK sends
   * pings instead, which the server answers. Then a client that sends nothing else notices a dead network within this time
   * plus `pingTimeout`.
   * @default 540_000 - 9 minutes
   */
  pingInterval?: number | undefined;
  /**
   * How long the reply to a ping may take before the SDK treats the connection as dead.
   * @default 10_000
   */
  pingTimeout?: number | undefined;
  /**
   * How long the server may be silent after the SDK has sent a frame. Then the SDK sends a ping.
   * @default 4_000
   */
  suspectAfter?: number | undefined;
  /**
   * The longest random wait before the first attempt to reconnect. It doubles with each attempt that fails.
   * @default 1_000
   */
  retryBase?: number | undefined;
  /**
   * The longest random wait before any attempt to reconnect. It also limits the wait before the SDK retries a
   * subscription or renewal, and how long before its expiry the SDK renews an agent.
   * @default 30_000
   */
  retryCap?: number | undefined;
  /**
   * How many requests may be open. Further publications fail with `queue_full`.
   * @default 1_000
   */
  queueLimit?: number | undefined;
  /**
   * The WebSocket class: the `ws` package's, for example, on a Node without one.
   * @default platform.WebSocket
   */
  WebSocket?: SocketClass | undefined;
  /**
   * Receives the SDK's log lines.
   * @default - none
   */
  logger?: Logger | undefined;
  /**
   * React Native's `AppState`. When the app comes back to the front, the SDK checks the connection at once.
   * @default - the page's own events
   */
  appState?: AppStateLike | undefined;
  /**
   * Clock, timers, randomness and page events, for tests and unusual runtimes.
   * @default globalThis
   */
  platform?: Platform | undefined;
}

/** The options of `new PushIt(…)`. All times are in milliseconds. */
export interface PushItOptions<Types extends ChannelTypeMap = ChannelTypeMap> extends CoreOptions<Types> {
  /**
   * Positions on channels with history that an earlier page stored. The application receives the messages after them.
   * On a channel without history this has no effect.
   * @default {}
   * @example new PushIt({ url, channels: ["chat"], since: { chat: JSON.parse(localStorage.chat) } })
   */
  since?: Readonly<Record<string, Position>> | undefined;
  /**
   * How often to check channels with history for newer messages. So the SDK notices that a last message was lost.
   * @default - the server's interval
   */
  checkInterval?: number | undefined;
  /**
   * How long API Gateway keeps a connection. Before it ends, the SDK moves to a new connection.
   * @default 7_200_000 - 2 hours
   */
  connectionLifetime?: number | undefined;
  /**
   * How long the old connection still receives after the move to a new one, so that messages on their way are not lost.
   * At most a quarter of `connectionLifetime`.
   * @default 30_000
   */
  drainTime?: number | undefined;
  /**
   * How long a page may be hidden before the SDK closes its connection, which costs money by the minute. When the page
   * is visible again, the SDK connects at once.
   * @default - never
   */
  suspendWhenHidden?: number | undefined;
}

/** The options with their defaults. */
export type ResolvedOptions<Options extends CoreOptions = CoreOptions> = Options &
  Required<Pick<Options, keyof typeof DEFAULTS | "platform" | "autoConnect">>;

/** The default times, in milliseconds, and numbers. The options' comments explain them. */
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
    // An option with the value undefined gets its default.
    ...(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options),
  };
};
