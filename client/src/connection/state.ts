import type { Code } from "../../../protocol/codes.js";

/**
 * The state of the connection.
 * - `disconnected`: not connected and not trying, until `connect()`.
 * - `connecting`: the SDK opens a connection, waits before the next attempt, or checks with a ping whether the
 *   connection still works.
 * - `connected`: the server has accepted this agent.
 * - `denied`: the server has denied or ended this agent. The SDK does not try again until `connect()`.
 */
export type State = "disconnected" | "connecting" | "connected" | "denied";

/** Why the state changed, for programs. docs/CLIENT.md, "Codes of state changes", explains each. */
export type StateCode =
  | Code
  | "connect"
  | "connected"
  | "verified"
  | "disconnect"
  | "closed"
  | "unreachable"
  | "unresponsive"
  | "timeout"
  | "internal"
  | "throttled"
  | "frozen"
  | "offline"
  | "suspended"
  | "csp"
  | "websocket_blocked"
  | "credentials_failed"
  | "socket_failed";

/**
 * The event of `pushIt.on("state", …)`. A failed attempt is also an event, in which both `state` and `previous` are
 * `connecting`.
 */
export interface StateChange {
  /** The state now. */
  state: State;
  /** The state before. */
  previous: State;
  /** Why, for programs. */
  code: StateCode;
  /** Why, for people. If a guard denied it, this is the guard's own reason. */
  reason: string;
  /** Milliseconds until the next attempt, if one waits. */
  retryIn?: number | undefined;
}

/**
 * An event of a connection.
 * - `connect`: the application asks for it.
 * - `open`: the server accepts it, or replies after a doubt.
 * - `doubt`: it may be dead. The SDK checks it with a ping.
 * - `lose`: it is lost, or an attempt failed.
 * - `deny`: the server denies it, at once or later.
 * - `stop`: the application ends it.
 */
export type ConnectionEvent = "connect" | "open" | "doubt" | "lose" | "deny" | "stop";

const TRANSITIONS: Record<State, Partial<Record<ConnectionEvent, State>>> = {
  disconnected: { connect: "connecting" },
  connecting: { open: "connected", lose: "connecting", deny: "denied", stop: "disconnected" },
  connected: { doubt: "connecting", lose: "connecting", deny: "denied", stop: "disconnected" },
  denied: { connect: "connecting", stop: "disconnected" },
};

/**
 * The state machine: the state that follows, or `undefined` if nothing changes.
 * @example transition("connected", "lose") // "connecting"
 */
export const transition = (state: State, event: ConnectionEvent): State | undefined => TRANSITIONS[state][event];
