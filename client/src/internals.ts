import type { Message, SubscribeResult } from "../../protocol/frames.js";
import type { Transport } from "./connection/transport.js";
import type { State, StateChange, StateCode } from "./connection/state.js";
import type { Emitter } from "./emitter.js";
import type { PushItError } from "./errors.js";
import type { Extension, Notifications } from "./extension.js";
import type { PushItOptions, ResolvedOptions } from "./options.js";
import type { Socket } from "./platform/platform.js";
import type { Timers } from "./platform/timers.js";
import type { Events } from "./types.js";

/** What the parts of one client use of each other. */
export interface Internals {
  readonly options: ResolvedOptions<PushItOptions>;
  readonly timers: Timers;
  readonly emitter: Emitter<Events>;
  readonly extensions: readonly Extension[];
  /** Subprotocols that each handshake offers besides. */
  subprotocols: string[];
  /** Who holds what the callbacks and the option `channels` subscribe to. */
  readonly ownHolder: object;
  /** Whether requests can be sent now. */
  readonly isConnected: boolean;
  /** Whether the client is connected, or tries to be. */
  readonly isActive: boolean;
  /** Calls a hook of all extensions. */
  notify<Name extends keyof Notifications>(name: Name, ...args: Parameters<Notifications[Name]>): void;
  /** The state changed, or an attempt failed. */
  changeState(change: StateChange): void;
  /** The server subscribed the agent to a channel. */
  subscribed(result: SubscribeResult): void;
  /** A message arrived. */
  receive(message: Message): void;
  /** Delivers a message to the application, unless it has been delivered before. */
  deliver(message: Message): void;
  /** Writes to the logger. */
  log(...details: unknown[]): void;
}

/** What extensions use of the connection. */
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

/** Called once, when a wish has been carried out, or with the reason why it was not. */
export type SettleCallback = (error?: PushItError) => void;
