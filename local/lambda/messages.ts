import type { FunctionError } from "../model.js";

/** One event for a function's process. */
export interface Invocation {
  requestId: string;
  /** When the function's time is over, as epoch milliseconds. */
  deadline: number;
  /** The function's ARN. */
  functionArn: string;
  event: unknown;
  /** Hosts of the services whose calls are metered; absent: nothing is, and waiting is not measured. */
  services?: string[];
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
export type Settled = ({ type: "result"; payload: unknown } | { type: "error"; error: FunctionError }) & Waited;

/** How long an invocation waited for anything but a call of a service, in milliseconds; absent: not measured. */
export interface Waited {
  waitedMs?: number;
}

/** Something the function logged through `console`. */
export interface LogMessage {
  type: "log";
  level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
  /** One line, formatted as the function's log format asks. */
  line: string;
}
