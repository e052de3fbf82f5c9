import type { HistoryQuery, Json, Message, Replay, RequestedMessage } from "./index.js";

/** Names a channel: a `Channel`, or its name. */
export type ChannelLike = string | Channel;

/**
 * One connected client, as a guard sees it. Verdict methods count once per guard call: the first closing verdict
 * decides, later ones are logged and ignored.
 */
export interface Agent<Credentials = unknown> {
  /** The id that the server gave this connection. It never comes from a frame. */
  readonly uuid: string;
  /**
   * In `onConnectionRequest`: the client's credentials, from its handshake or its renewal, or `undefined`. The
   * credentials from before a renewal are not shown. The guard may replace them (at most 4,096 bytes of JSON).
   * Later guards see the new value, so that a token can be replaced by its verified claims.
   */
  credentials: Credentials;
  /** Public info, set by `connected({ info })`. */
  readonly info: Json | undefined;
  /** The user's id, set by `connected({ userId })`. */
  readonly userId: string | undefined;
  /** The end of the credentials, set by `connected({ expiresAt })`, in epoch milliseconds. */
  readonly expiresAt: number | undefined;
  /**
   * `true` once the agent is connected, also in an `onConnectionRequest` that renews it; `false` there during the
   * handshake, and in `onDisconnect`.
   */
  readonly isConnected: boolean;
  /** The client's address and user agent, as API Gateway saw them; and its handshake, in `onConnectionRequest`. */
  readonly connection: Connection;

  /** Closing verdict of `onConnectionRequest`: the agent may connect. */
  connected(options?: ConnectedOptions): void;
  /** Closing verdict of `onConnectionRequest`: the agent may not connect. */
  connectionDenied(reason?: string): void;
  /**
   * In `onSubscriptionRequest`, with the requested channel: the closing verdict that grants it. With any other channel
   * (there, in `onConnectionRequest` and in `onPublicationRequest`): staged, and done if the closing verdict is
   * positive.
   */
  subscribe(channel: ChannelLike): void;
  /** Closing verdict of `onSubscriptionRequest`: the agent may not subscribe. */
  subscriptionDenied(channel: ChannelLike, reason?: string): void;
  /** Closing verdict of `onUnsubscriptionRequest`: the agent is unsubscribed. */
  unsubscribe(channel: ChannelLike): void;
  /** Closing verdict of `onUnsubscriptionRequest`: the agent stays subscribed. */
  unsubscriptionDenied(channel: ChannelLike, reason?: string): void;
  /**
   * Closing verdict of `onPublicationRequest`: the staged calls of `channel.publish` are delivered; `result` goes to
   * the publisher.
   */
  publicationSuccess(message: Message<unknown>, result?: Json): void;
  /** Closing verdict of `onPublicationRequest`: denied. Staged calls are dropped. */
  publicationDenied(message: Message<unknown>, reason?: string, options?: DenialOptions): void;
  /** Closing verdict of `onPresenceRequest`: the channel's subscribers are notified of the agent's state. */
  presenceSuccess(channel: ChannelLike): void;
  /** Closing verdict of `onPresenceRequest`: the agent keeps the state that it had. */
  presenceDenied(channel: ChannelLike, reason?: string, options?: DenialOptions): void;
  /** Closing verdict of `onMessageReceived`: the agent gets this message, transformed as you like. */
  deliver(channel: ChannelLike, message: Message<unknown>): void;
  /** Another channel, to publish on from `onPublicationRequest`: `agent.channel("audit").publish(message)`. */
  channel(name: string): Channel;
}

/**
 * An agent's connection. `origin`, `query` and `cookies` come from the client's handshake: they are there only in
 * `onConnectionRequest` during the handshake. They are neither stored nor logged.
 */
export interface Connection {
  readonly id: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  /** The origin of the page; `undefined` if the client is not a browser. Clients that are not browsers can send any. */
  readonly origin?: string;
  /** The query of the URL. Not for tokens: servers, proxies and browsers keep URLs in logs and histories. */
  readonly query?: { readonly [name: string]: string };
  /**
   * The cookies, not decoded. Only with your own domain, and only with `allowedOrigins`: browsers send cookies from any
   * page that opens the connection.
   */
  readonly cookies?: { readonly [name: string]: string };
}

/** Options of `agent.connected`. */
export interface ConnectedOptions {
  /** May be shown to other agents: at most 256 bytes of JSON. */
  info?: Json;
  /** The user's id in your application: 1 to 128 characters. All connections of a user can be addressed by it. */
  userId?: string;
  /**
   * When the agent's credentials have to be renewed: a `Date`, or epoch milliseconds, in the future. The `exp` of a JWT
   * is in seconds.
   */
  expiresAt?: Date | number;
}

/** Options of `agent.publicationDenied` and `agent.presenceDenied`. */
export interface DenialOptions {
  /**
   * The code that the client gets: `bad_data` if the data has the wrong shape, so that it is a fault of the program.
   * @default "denied"
   */
  code?: "denied" | "bad_data";
}

/** The channel that a guard decides about. */
export interface Channel {
  /** A channel's name. In `onSubscriptionRequest` and `onUnsubscriptionRequest` it may be a wildcard such as `private/*`. */
  readonly name: string;
  /**
   * Whether `name` is a wildcard, which stands for all channels below it. Check it before you compare `name` with text
   * that contains a user's input: a user with the name `*` would get `private/*`.
   */
  readonly isWildcard: boolean;
  /**
   * In `onPublicationRequest`: stages the message for this channel's subscribers. It is delivered if the closing
   * verdict is `publicationSuccess`. Call it on several channels, or several times on one channel, up to 100 times in
   * one guard call: more throws.
   * @param message `uuid` identifies the message on its channel: 1 to 64 characters of `0-9A-Za-z-_`, anything else
   * throws. Left out: the publisher's. If several messages of one guard call have the same uuid on one channel, the
   * first keeps it. Each later one gets a uuid that is derived from it.
   * @param options `ephemeral: true` delivers the message and keeps nothing of it. Left out: as the publisher's message
   * on its own channel, `false` on other channels
   */
  publish(message: { data: unknown; uuid?: string }, options?: { ephemeral?: boolean }): void;
  /**
   * In the subscription, publication and presence guards of a module: reads the channel's history, up to 100 messages,
   * oldest first, or with `reverse` newest first. No guard is called. It counts against the guard's own time.
   * @throws (rejects) if the channel has no history, or it cannot be read
   * @example
   * const { messages = [] } = await channel.history({ reverse: true, limit: 1 });
   */
  history(options?: Omit<HistoryQuery, "channel">): Promise<Replay>;
  /** The name. */
  toString(): string;
}

/** The guards of the whole system, or of one channel pattern. All are optional, and all may be asynchronous. */
export interface ChannelGuards<Credentials = unknown> {
  /**
   * Decides with `agent.subscribe(channel)` or `agent.subscriptionDenied(channel, reason)`. Left out: permitted.
   * @param token the token that the client sent with this request; `undefined` if it sent none. It is neither stored
   * nor logged, and the next request may have another one or none
   */
  onSubscriptionRequest?(channel: Channel, agent: Agent<Credentials>, token: Json | undefined): unknown;
  /**
   * Decides with `agent.publicationSuccess(message)` (after `channel.publish(message)`) or
   * `agent.publicationDenied(message, reason)`. Left out: published unchanged. `message.ephemeral` says that nothing of
   * the message is to be kept.
   */
  onPublicationRequest?(channel: Channel, agent: Agent<Credentials>, message: RequestedMessage<unknown>): unknown;
  /**
   * Runs per recipient; decides with `agent.deliver(channel, message)`, or drops the message by not calling it. Left
   * out: delivered unchanged.
   */
  onMessageReceived?(channel: Channel, agent: Agent<Credentials>, message: Message<unknown>): unknown;
  /**
   * Decides with `agent.unsubscribe(channel)` or `agent.unsubscriptionDenied(channel, reason)`. Left out: permitted.
   */
  onUnsubscriptionRequest?(channel: Channel, agent: Agent<Credentials>): unknown;
  /**
   * Decides about the state that an agent wants to have as a member of a channel, with `agent.presenceSuccess(channel)`
   * or `agent.presenceDenied(channel, reason)`. It is not called if an agent removes its state. Left out:
   * `onPublicationRequest` decides, as about a publication of the state on the channel: `message.isState` is true.
   * @param state at most 512 bytes of JSON, never `null`
   */
  onPresenceRequest?(channel: Channel, agent: Agent<Credentials>, state: Json): unknown;
}

/** The default export of a guard module. */
export interface Guards<Credentials = unknown> extends ChannelGuards<Credentials> {
  /**
   * Decides with `agent.connected()` or `agent.connectionDenied(reason)`. Called again, with `agent.isConnected`, when
   * a client renews its agent. Then `connected` without `info` or `expiresAt` removes them, another `userId` counts as
   * a denial, and a denial ends the agent. Left out: permitted.
   */
  onConnectionRequest?(agent: Agent<Credentials>): unknown;
  /**
   * Called after an agent has left: once in a module; Lambda may retry a guard function that failed. Decides nothing.
   */
  onDisconnect?(agent: Agent<Credentials>): unknown;
  /**
   * Guards by channel (`private/5`) or pattern (`private/*`; a middle segment may be `*` too). The most specific one decides; a guard that an entry
   * leaves out falls back to a less specific entry, last to the default.
   */
  channels?: Record<string, ChannelGuards<Credentials>>;
}
