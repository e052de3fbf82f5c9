import type { ConnectionInfo, Message, SubscribeResult } from "../../protocol/frames.js";
import type { Transport } from "./connection/transport.js";
import type { RequestCode } from "./errors.js";
import type { Outcome, Request } from "./requests/request.js";

/** What every part can be told of. */
export interface Notifications {
  /** The application subscribes to a channel, and may say where it is there. */
  onWanted(channel: string, since: unknown): void;
  /** A request is about to be put into a frame: the last moment to change its payload. */
  beforeSend(request: Request): void;
  /** A publication succeeded. */
  onPublished(channel: string, outcome: Outcome): void;
  /** The server subscribed the agent to a channel. */
  onSubscribed(result: SubscribeResult): void;
  /** A subscription failed: it may or may not be there. */
  onSubscribeFailed(channel: string): void;
  /** A channel is not subscribed any more, and not wanted. */
  onUnsubscribed(channel: string): void;
  /** The back end ended a subscription of the agent on a transport. */
  onRevoked(channel: string, reason: string | undefined, transport: Transport): void;
  /** The server says who this agent is, its limits, and what the ping asked. */
  onInfo(info: ConnectionInfo): void;
  /** A new transport is in use. Nothing is subscribed there yet. */
  onConnected(transport: Transport): void;
  /** The server replied after a doubt: the transport is as it was. */
  onVerified(): void;
  /** The transport in use is gone, and with it the agent and its subscriptions; or an attempt failed. */
  onDisconnected(): void;
  /** A transport is gone that was replaced before. */
  onReplacedClosed(transport: Transport): void;
  /** The server could not be reached, for the given number of times in a row. */
  onUnreachable(failures: number): void;
  /** The application connects. */
  onConnecting(): void;
  /** The application replaced the credentials: what arrives for the former ones is not its any more. */
  onUserChanged(): void;
  /** The application forgets everything about this client's user. */
  onReset(): void;
}

/** A part of what pings carry, about channels. */
export interface PingPart {
  /** Its name in the `data` of a ping. */
  readonly key: string;
  /** How often it has to be said of each channel, in milliseconds. */
  intervalMs(): number;
  /** Whether there is something to say about a channel. */
  includes(channel: string): boolean;
  /** How it travels, for some channels. */
  encode(channels: string[]): unknown;
}

/**
 * What can be added to a client. The client calls each of these at the step that its name says, in the order in which the
 * extensions were added.
 */
export interface Extension extends Partial<Notifications> {
  /** What it adds to pings. */
  pingPart?: PingPart;
  /** A request failed. `true` takes it back: the extension has it sent again. */
  retryLater?(request: Request, code: RequestCode): boolean;
  /** A message arrived. `true` takes it: the extension delivers it. */
  onMessage?(message: Message): boolean;
}
