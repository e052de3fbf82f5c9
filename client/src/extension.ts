import type { ConnectionInfo, Message, SubscribeResult } from "../../protocol/frames.js";
import type { Transport } from "./connection/transport.js";
import type { PushItError, RequestCode } from "./errors.js";
import type { Outcome, Request } from "./requests/request.js";
import type { Holder, SettleCallback } from "./subscriptions/holder.js";
import type { SubscribeOptions } from "./types.js";

/** The events that a client reports to its extensions. */
export interface Notifications {
  /** The application subscribes a holder to a channel. */
  onWanted(channel: string, options: SubscribeOptions, holder: Holder): void;
  /** A holder has left a channel. */
  onReleased(channel: string, holder: Holder): void;
  /** Messages of a channel are lost: the application loads its state again. */
  onLost(channel: string): void;
  /** A request is about to be sent. An extension may still change its payload. */
  beforeSend(request: Request): void;
  /** A publication succeeded. */
  onPublished(channel: string, outcome: Outcome): void;
  /** The server subscribed the agent to a channel. */
  onSubscribed(result: SubscribeResult): void;
  /** A subscription failed. The server may have it nevertheless. */
  onSubscribeFailed(channel: string): void;
  /** The client is not subscribed to a channel any more, and does not want to be: on its own request, or by an error. */
  onUnsubscribed(channel: string, error?: PushItError): void;
  /** The back end ended a subscription of the agent on a transport. */
  onRevoked(channel: string, reason: string | undefined, transport: Transport): void;
  /** The server has sent this agent's id, its limits, and the replies to the ping's questions. */
  onInfo(info: ConnectionInfo): void;
  /** A new transport is in use. It has no subscriptions yet. */
  onConnected(transport: Transport): void;
  /** The server has replied after a doubt: the transport and its subscriptions still exist. */
  onVerified(): void;
  /** The server was rolled back to an older version while the transport in use is open. */
  onRolledBack(): void;
  /** The transport in use is gone, with its agent and subscriptions. Or an attempt failed. */
  onDisconnected(): void;
  /** A transport that was replaced before is closed. */
  onReplacedClosed(transport: Transport): void;
  /** The client could not reach the server, for the given number of times in a row. */
  onUnreachable(failures: number): void;
  /** The application connects. */
  onConnecting(): void;
  /** The application replaced the credentials. It must not receive messages for the former ones any more. */
  onUserChanged(): void;
  /** The application resets the client: forget all state of its user. */
  onReset(): void;
}

/** A field of pings with information about channels. */
export interface PingPart {
  /** Its name in the `data` of a ping. */
  readonly key: string;
  /** How often a ping has to carry it for each channel, in milliseconds. */
  intervalMs(): number;
  /** Whether pings carry it for a channel. */
  includes(channel: string): boolean;
  /** The field's value for some channels. */
  encode(channels: string[]): unknown;
}

/**
 * A part that can be added to a client. The client calls each method at the step that its name says, in the order in
 * which the extensions were added.
 */
export interface Extension extends Partial<Notifications> {
  /** The field that it adds to pings. */
  pingPart?: PingPart;
  /** A request failed. Returns `true` if the extension will send it again. */
  retryLater?(request: Request, code: RequestCode): boolean;
  /** A message arrived. Returns `true` if the extension delivers it. */
  onMessage?(message: Message): boolean;
  /** Why a holder cannot subscribe with these options. `undefined` if it can. */
  optionsError?(channel: string, options: SubscribeOptions): PushItError | undefined;
  /** A holder is subscribed. Returns `true` if the extension settles the holder's call later. */
  settleLater?(channel: string, holder: Holder, settle: SettleCallback): boolean;
  /** A message is about to be delivered. Returns the holders that do not receive it now. */
  skippedHolders?(message: Message): ReadonlySet<Holder> | undefined;
}
