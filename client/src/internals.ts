import type { Message, SubscribeResult } from "../../protocol/frames.js";
import type { Transport } from "./connection/transport.js";
import type { State, StateChange, StateCode } from "./connection/state.js";
import type { Emitter } from "./emitter.js";
import type { Extension, Notifications } from "./extension.js";
import type { PushItOptions, ResolvedOptions } from "./options.js";
import type { Socket } from "./platform/platform.js";
import type { Timers } from "./platform/timers.js";
import type { Events, TokenFunction } from "./types.js";

/** The state and the methods that the parts of one client share. */
export interface Internals {
  readonly options: ResolvedOptions<PushItOptions>;
  readonly timers: Timers;
  readonly emitter: Emitter<Events>;
  readonly extensions: readonly Extension[];
  /** Further subprotocols that each handshake offers. */
  subprotocols: string[];
  /** The holder of the channels that `pushIt.subscribe` and the option `channels` subscribe to. */
  readonly ownHolder: object;
  /** Whether the client can send requests now. */
  readonly isConnected: boolean;
  /** Whether the client is connected or tries to connect. */
  readonly isActive: boolean;
  /** The application's function for the token of a channel. */
  tokenOf(channel: string): TokenFunction | undefined;
  /** Calls a hook of all extensions. */
  notify<Name extends keyof Notifications>(name: Name, ...args: Parameters<Notifications[Name]>): void;
  /** Reports that the state changed or that an attempt failed. */
  changeState(change: StateChange): void;
  /** Handles a subscription that the server has made. */
  subscribed(result: SubscribeResult): void;
  /** Handles a message that arrived. */
  receive(message: Message): void;
  /** Delivers a message to the application, unless it has been delivered before. */
  deliver(message: Message): void;
  /** Writes to the logger. */
  log(...details: unknown[]): void;
}

/** The part of the connection that extensions use. */
export interface ConnectionPart {
  readonly state: State;
  readonly transport: Transport | undefined;
  lose(code: StateCode, reason?: string, retryIn?: number): void;
  doubt(code: StateCode): void;
  reconnectNow(): void;
  ping(): void;
  openSocket(): Promise<Socket | undefined>;
  use(socket: Socket): void;
}
