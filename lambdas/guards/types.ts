import type { HistoryQuery, Json, Message, Replay } from "../../protocol/index.js";

/** Names a channel: a `Channel`, or its name. */
export type ChannelLike = string | Channel;

/**
 * One connected client, as a guard sees it. Verdict methods count once per guard call: the first closing verdict
 * decides, later ones are logged and ignored.
 */
export interface Agent<Credentials = unknown> {
  /** The id the server gave this connection. Never taken from a frame. */
  readonly uuid: string;
  /**
   * In `onConnectionRequest`: what the client sent, with its handshake or to renew its agent, or `undefined`: what the
   * agent had before a renewal is not shown. What that guard leaves here (at most 4,096 bytes
   * of JSON) is what later guards see, so a token can be replaced by the claims it proved.
   */
  credentials: Credentials;
  /** What `connected({ info })` set. */
  readonly info: Json | undefined;
  /** What `connected({ userId })` set. */
  readonly userId: string | undefined;
  /** What `connected({ expiresAt })` set, in epoch milliseconds. */
  readonly expiresAt: number | undefined;
  /**
   * `true` once the agent is connected, so also where `onConnectionRequest` is asked to renew it; `false` there while the
   * handshake waits, and in `onDisconnect`.
   */
  readonly isConnected: boolean;
  /** The client's address and user agent, as API Gateway saw them; and its handshake, in `onConnectionRequest`. */
  readonly connection: Connection;

  /** Closing verdict of `onConnectionRequest`: the agent may connect. */
  connected(options?: ConnectedOptions): void;
  /** Closing verdict of `onConnectionRequest`: the agent may not connect. */
  connectionDenied(reason?: string): void;
  /**
   * In `onSubscriptionRequest`, with the channel asked for: the closing verdict that grants it. With any other channel
   * (there, in `onConnectionRequest` and in `onPublicationRequest`): staged, and done if the closing verdict is positive.
   */
  subscribe(channel: ChannelLike): void;
  /** Closing verdict of `onSubscriptionRequest`: no. */
  subscriptionDenied(channel: ChannelLike, reason?: string): void;
  /** Closing verdict of `onUnsubscriptionRequest`: the agent is unsubscribed. */
  unsubscribe(channel: ChannelLike): void;
  /** Closing verdict of `onUnsubscriptionRequest`: the agent stays subscribed. */
  unsubscriptionDenied(channel: ChannelLike, reason?: string): void;
  /** Closing verdict of `onPublicationRequest`: yes. What `channel.publish` staged is delivered; `result` goes to the publisher. */
  publicationSuccess(message: Message<unknown>, result?: Json): void;
  /** Closing verdict of `onPublicationRequest`: no. Nothing that was staged happens. */
  publicationDenied(message: Message<unknown>, reason?: string): void;
  /** Closing verdict of `onMessageReceived`: the agent gets this message, transformed as you like. */
  deliver(channel: ChannelLike, message: Message<unknown>): void;
  /** Another channel, to publish on from `onPublicationRequest`: `agent.channel("audit").publish(message)`. */
  channel(name: string): Channel;
}

/**
 * An agent's connection. `origin`, `query` and `cookies` are what the client has sent with its handshake: they are there in
 * `onConnectionRequest` while the handshake waits, and nowhere else. Nothing stores or logs them.
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
   * The cookies, not decoded. Only behind a domain of your own, and only with `allowedOrigins`: browsers send cookies
   * whatever page opens the connection.
   */
  readonly cookies?: { readonly [name: string]: string };
}

/** What `agent.connected` may say of the agent. */
export interface ConnectedOptions {
  /** May be shown to other agents: at most 256 bytes of JSON. */
  info?: Json;
  /** Whose connection it is, to your back end: 1 to 128 characters. All connections of a user can be addressed by it. */
  userId?: string;
  /**
   * When the agent's credentials have to be renewed: a `Date`, or epoch milliseconds, in the future. The `exp` of a JWT
   * is in seconds.
   */
  expiresAt?: Date | number;
}

/** The channel a guard decides about. */
export interface Channel {
  /** A channel's name. In `onSubscriptionRequest` and `onUnsubscriptionRequest` it may be a wildcard such as `private/*`. */
  readonly name: string;
  /**
   * Whether `name` is a wildcard, which stands for all channels below it. Look at it before you compare `name` with text that
   * holds what a user has chosen: a user called `*` would be given `private/*`.
   */
  readonly isWildcard: boolean;
  /**
   * In `onPublicationRequest`: stage the message for this channel's subscribers. It is delivered if the closing
   * verdict is `publicationSuccess`. Call it on several channels, or several times on one channel, up to 100 times in one
   * guard call: more throws.
   * @param message `uuid` names the message on its channel: 1 to 64 characters of `0-9A-Za-z-_`, anything else throws.
   * Left out: the publisher's. If several messages of one guard call have the same uuid on one channel, the first keeps
   * it, and each later one gets a uuid that is derived from it.
   */
  publish(message: { data: unknown; uuid?: string }): void;
  /**
   * In `onSubscriptionRequest` and `onPublicationRequest` of a module: reads the channel's history, up to 100 messages,
   * oldest first, or with `reverse` newest first. No guard is asked. Counts against the guard's own time.
   * @throws (rejects) where the channel keeps none, or it cannot be read
   * @example
   * const { messages = [] } = await channel.history({ reverse: true, limit: 1 });
   */
  history(options?: Omit<HistoryQuery, "channel">): Promise<Replay>;
  /** The name. */
  toString(): string;
}

/** The guards of the whole system, or of one channel pattern. All are optional, and all may be asynchronous. */
export interface ChannelGuards<Credentials = unknown> {
  /** Decides with `agent.subscribe(channel)` or `agent.subscriptionDenied(channel, reason)`. Left out: everyone may. */
  onSubscriptionRequest?(channel: Channel, agent: Agent<Credentials>): unknown;
  /** Decides with `agent.publicationSuccess(message)` (after `channel.publish(message)`) or `agent.publicationDenied(message, reason)`. Left out: published as it is. */
  onPublicationRequest?(channel: Channel, agent: Agent<Credentials>, message: Message<unknown>): unknown;
  /** Runs per recipient; decides with `agent.deliver(channel, message)`, or drops by not calling it. Left out: delivered as it is. */
  onMessageReceived?(channel: Channel, agent: Agent<Credentials>, message: Message<unknown>): unknown;
  /** Decides with `agent.unsubscribe(channel)` or `agent.unsubscriptionDenied(channel, reason)`. Left out: everyone may. */
  onUnsubscriptionRequest?(channel: Channel, agent: Agent<Credentials>): unknown;
}

/** What a guard module default-exports. */
export interface Guards<Credentials = unknown> extends ChannelGuards<Credentials> {
  /**
   * Decides with `agent.connected()` or `agent.connectionDenied(reason)`. Asked again, with `agent.isConnected`, when a
   * client renews its agent: what `connected` then leaves out of `info` and `expiresAt` is gone, another `userId` is taken
   * for a denial, and a denial ends the agent. Left out: everyone may.
   */
  onConnectionRequest?(agent: Agent<Credentials>): unknown;
  /** Told when an agent has left: once by a module, perhaps again by Lambda to a guard function that failed. Decides nothing. */
  onDisconnect?(agent: Agent<Credentials>): unknown;
  /** Guards by channel (`private/5`) or pattern (`private/*`), the most specific first; what an entry leaves out falls back to the less specific, last to the default. */
  channels?: Record<string, ChannelGuards<Credentials>>;
}
