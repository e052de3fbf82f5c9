/** What Lambda tells a function of its log. */
export type LogVariables = Partial<Record<"AWS_LAMBDA_LOG_FORMAT" | "AWS_LAMBDA_LOG_LEVEL", string>>;

/** What a guard function's log takes. */
export interface HandlerLog {
  warn(line: object): void;
  error(line: object): void;
  /** Only where the developer has asked for it: what is written here may hold credentials and messages. */
  debug(line: object): void;
}

/**
 * Whether somebody has asked for what is at debug level. Only a JSON log has levels: Lambda keeps every line of a text log,
 * which is what a function has that says nothing of its log.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
const keepsDebug = ({ AWS_LAMBDA_LOG_FORMAT: format, AWS_LAMBDA_LOG_LEVEL: level = "" }: LogVariables): boolean =>
  format === "JSON" && ["DEBUG", "TRACE"].includes(level);

/** A function's log, by what Lambda tells the function of it. */
export const handlerLog = (variables: LogVariables): HandlerLog => ({
  warn: (line) => console.warn(line),
  error: (line) => console.error(line),
  debug: keepsDebug(variables) ? (line) => console.debug(line) : () => undefined,
});
