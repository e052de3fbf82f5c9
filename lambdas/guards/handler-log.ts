/** Lambda's variables about a function's log. */
export type LogVariables = Partial<Record<"AWS_LAMBDA_LOG_FORMAT" | "AWS_LAMBDA_LOG_LEVEL", string>>;

/** A guard function's log. */
export interface HandlerLog {
  warn(line: object): void;
  error(line: object): void;
  /** Written only if the developer has enabled it: these lines may contain credentials and messages. */
  debug(line: object): void;
}

/**
 * Whether the debug level is enabled. Only a JSON log has levels. Lambda keeps every line of a text log, which is the
 * default.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
 */
const keepsDebug = ({ AWS_LAMBDA_LOG_FORMAT: format, AWS_LAMBDA_LOG_LEVEL: level = "" }: LogVariables): boolean =>
  format === "JSON" && ["DEBUG", "TRACE"].includes(level);

/** A function's log, configured by Lambda's variables. */
export const handlerLog = (variables: LogVariables): HandlerLog => ({
  warn: (line) => console.warn(line),
  error: (line) => console.error(line),
  debug: keepsDebug(variables) ? (line) => console.debug(line) : () => undefined,
});
