/** One line of the runtime's log. */
export interface LogEntry {
  level: "debug" | "info" | "warn" | "error";
  /** The component that logs: `gateway`, `lambda`, `dynamodb`, or a function's logical id. */
  source: string;
  message: string;
}

/** Writes an entry to the runtime's log. */
export type Log = (entry: LogEntry) => void;
