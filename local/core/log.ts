/** One line of the runtime's log. */
export interface LogEntry {
  level: "debug" | "info" | "warn" | "error";
  /** Who speaks: `gateway`, `lambda`, `dynamodb`, or a function's logical id. */
  source: string;
  message: string;
}

/** Where the parts of the runtime write their log. */
export type Log = (entry: LogEntry) => void;
