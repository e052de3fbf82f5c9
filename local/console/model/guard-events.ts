import type { Position, StateChange } from "push-it-client";
import type { Json, ConnectionInfo } from "../../../protocol/index.js";
import type { Here } from "./presence.js";
import type { RecoveryReport } from "./recovery.js";
import type { Problem, Subscription } from "./subscriptions.js";
import type { WireEvent } from "./tap.js";

/** A message as the page shows it. */
export interface ReceivedMessage {
  channel: string;
  uuid: string;
  data: unknown;
  /** When it arrived, in milliseconds since 1970. */
  at: number;
  /** Whether this page published it. */
  mine: boolean;
  /** Where it is in its channel's history, where that keeps one. */
  position?: Position;
  /** `missed`: published while the connection was lost. `earlier`: loaded from the channel's history. */
  late?: "missed" | "earlier";
}

/** A subscription with what its channel offers. */
export interface ShownSubscription extends Subscription {
  /** The channel keeps a history. */
  history?: true;
  /** Who is there, where the channel tells. */
  here?: Here;
}

/** What became of a question for a channel's history. */
export interface Loaded {
  /** How many messages of it are shown now. */
  count: number;
  /** Why it could not be read. */
  problem?: Problem;
}

/** What became of a publication. */
export interface Publication {
  channel: string;
  uuid: string;
  /** From the call to the answer, in milliseconds. */
  tookMs: number;
  /** What the guard gave with its verdict. */
  result?: Json | undefined;
  /** Why it was not published. */
  problem?: Problem;
}

/** What a session tells; a listener takes what it wants of it. */
export interface SessionListener {
  state(change: StateChange): void;
  subscriptions(all: ShownSubscription[]): void;
  message(message: ReceivedMessage): void;
  wire(event: WireEvent): void;
  server(facts: ConnectionInfo): void;
  /** The connection is gone, and with it the agent. */
  gone(): void;
  /** Messages of a channel's history, oldest first. */
  earlier(messages: ReceivedMessage[]): void;
  /** What became of the channels since the connection was lost; nothing, where it was not. */
  recovery(report: RecoveryReport | undefined): void;
  /** The page cuts its own connection, until then, in milliseconds since 1970; or does no more. */
  outage(until: number | undefined): void;
}
