import type { FunctionError } from "../../core/invoker.js";

/** One event for a function's process. */
export interface Invocation {
  requestId: string;
  /** When the function's time is over, as epoch milliseconds. */
  deadline: number;
  /** The function's ARN. */
  functionArn: string;
  event: unknown;
  /**
   * Hosts of the services that are served here, and what a call of them takes, as declared, in milliseconds; absent:
   * nothing is metered.
   */
  services?: Record<string, number>;
}

/** What a function's process tells the runtime. */
export type ChildMessage =
  /** The module is loaded: events may come. */
  | { type: "ready" }
  | Settled
  /** The process is about to end by itself, for this reason. */
  | { type: "fatal"; error: FunctionError }
  | LogMessage;

/** The handler settled. */
export type Settled = ({ type: "result"; payload: unknown } | { type: "error"; error: FunctionError }) & Measured;

/** What an invocation took, if the function's process can tell and was asked to. */
export interface Measured {
  spent?: TimeSpent;
}

/** What an invocation took, in milliseconds, besides computing. */
export interface TimeSpent {
  /** Its calls, those at a time taken together, as declared. */
  callsMs: number;
  /** The same calls, as if they had been made one after the other. */
  declaredMs: number;
  /** What it waited for besides, in real time. */
  waitedMs: number;
}

/** What an answer of `Invoke` tells, where it is metered: what the function is billed for it, in milliseconds. */
export const BILLED_HEADER = "x-local-billed-ms";

/** Something the function logged through `console`. */
export interface LogMessage {
  type: "log";
  level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** One line, formatted as the function's log format asks. */
  line: string;
}
