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
   * The declared duration of a call by the local service's host, in milliseconds. @default the invocation is not
   * metered
   */
  services?: Record<string, number>;
}

/** A message from a function's process to the runtime. */
export type ChildMessage =
  /** The module is loaded: events may come. */
  | { type: "ready" }
  | Settled
  /** The process is about to end by itself, for this reason. */
  | { type: "fatal"; error: FunctionError }
  | LogMessage;

/** The handler settled. */
export type Settled = ({ type: "result"; payload: unknown } | { type: "error"; error: FunctionError }) & Measured;

/** The measurements of an invocation, if the process can measure and was asked to. */
export interface Measured {
  spent?: TimeSpent;
}

/** The waiting time of an invocation, in milliseconds. */
export interface TimeSpent {
  /** The declared duration of its calls; concurrent calls overlap. */
  callsMs: number;
  /** The same calls, as if they had been made one after the other. */
  declaredMs: number;
  /** Other waiting time, in real time. */
  waitedMs: number;
}

/** The header of an `Invoke` response with the function's billed duration in milliseconds, if runs are metered. */
export const BILLED_HEADER = "x-local-billed-ms";

/** Something the function logged through `console`. */
export interface LogMessage {
  type: "log";
  level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** One line, formatted as the function's log format asks. */
  line: string;
}
