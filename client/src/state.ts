import type { Code } from "../../protocol/index.js";

/**
 * Where the connection is.
 * - `disconnected`: not connected and not trying, until `connect()`.
 * - `connecting`: opening a connection, or waiting before the next attempt.
 * - `connected`: the server has accepted this agent.
 * - `denied`: the server said no, or ended this agent. The SDK does not try again until `connect()`.
 */
export type State = "disconnected" | "connecting" | "connected" | "denied";

/** Why the state changed, for programs; each is explained in docs/CLIENT.md, "Codes of state changes". */
export type StateCode =
  | Code
  | "connect"
  | "connected"
  | "disconnect"
  | "closed"
  | "unreachable"
  | "unresponsive"
  | "timeout"
  | "internal"
  | "throttled"
  | "suspended"
  | "credentials_failed"
  | "socket_failed";

/**
 * What `pushIt.on("state", …)` tells. A failed attempt is told too: `state` and `previous` are then both `connecting`.
 */
export interface StateChange {
  /** The state now. */
  state: State;
  /** The state before. */
  previous: State;
  /** Why, for programs. */
  code: StateCode;
  /** Why, for people: the guard's own words where a guard said no. */
  reason: string;
  /** Milliseconds until the next attempt; only where `state` is `connecting` after a failure. */
  retryIn?: number | undefined;
}

/**
 * What can happen to a connection: the application asks for it (`connect`), the server accepts it (`open`), it is lost
 * or an attempt fails (`lose`), the server says no, at once or later (`deny`), it is given up (`stop`).
 */
export type Happening = "connect" | "open" | "lose" | "deny" | "stop";

/** How what stands, or is about to, ends. */
const ENDS = { lose: "connecting", deny: "denied", stop: "disconnected" } as const;

const NEXT: Record<State, Partial<Record<Happening, State>>> = {
  disconnected: { connect: "connecting" },
  connecting: { open: "connected", ...ENDS },
  connected: ENDS,
  denied: { connect: "connecting", stop: "disconnected" },
};

/**
 * The state machine: the state that follows, or `undefined` where nothing changes.
 * @example transition("connected", "lose") // "connecting"
 */
export const transition = (state: State, happening: Happening): State | undefined => NEXT[state][happening];
