import type { Position, StateChange } from "push-it-client";
import type { ConnectionInfo, Json, MessageFrom } from "../../../protocol/index.js";
import type { Here } from "./presence.js";
import type { RecoveryReport } from "./recovery.js";
import type { Problem, Subscription } from "./subscriptions.js";
import type { WireEvent } from "./tap.js";

/** A message as the page shows it. */
export interface ReceivedMessage {
  channel: string;
  uuid: string;
  data: unknown;
  /** When the server accepted it, or else when it arrived, in milliseconds since 1970. */
  at: number;
  /** Its publisher, if its channel's messages name it. */
  from?: MessageFrom;
  /** Whether this page published it. */
  mine: boolean;
  /** Its position in the channel's history, if the channel has one. */
  position?: Position;
  /** `missed`: published while the connection was lost. `earlier`: loaded from the channel's history. */
  late?: "missed" | "earlier";
}

/** A subscription with its channel's features. */
export interface ShownSubscription extends Subscription {
  /** The channel keeps a history. */
  history?: true;
  /** The members of the channel, if it has presence. */
  here?: Here;
}

/** The result of a history request. */
export interface Loaded {
  /** How many messages of it are shown now. */
  count: number;
  /** Why it could not be read. */
  problem?: Problem;
}

/** The result of a publication. */
export interface Publication {
  channel: string;
  uuid: string;
  /** From the call to the answer, in milliseconds. */
  tookMs: number;
  /** The result that the guard attached to its verdict. */
  result?: Json | undefined;
  /** Why it was not published. */
  problem?: Problem;
}

/** The events of a session. All handlers are optional. */
export interface SessionListener {
  state(change: StateChange): void;
  subscriptions(all: ShownSubscription[]): void;
  message(message: ReceivedMessage): void;
  wire(event: WireEvent): void;
  server(facts: ConnectionInfo): void;
  /** The connection is closed, and its agent is gone. */
  gone(): void;
  /** Messages of a channel's history, oldest first. */
  earlier(messages: ReceivedMessage[]): void;
  /** The recovery of the channels after a lost connection. Absent without a loss. */
  recovery(report: RecoveryReport | undefined): void;
  /** The page cuts its own connection, until then, in milliseconds since 1970; or does no more. */
  outage(until: number | undefined): void;
}
