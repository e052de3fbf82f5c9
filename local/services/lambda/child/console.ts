import { format } from "node:util";
import type { LogMessage } from "../messages.js";
import { toFunctionError } from "./errors.js";

type Level = LogMessage["level"];

const LEVELS: Level[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Which `console` method writes at which level. */
const METHODS = { trace: "trace", debug: "debug", log: "info", info: "info", warn: "warn", error: "error" } as const;

/** How a function's log is written; Lambda tells it by `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL`. */
export interface LogSettings {
  json: boolean;
  /** Least level that is written; text logs have none. */
  least: Level;
}

/** Reads the settings from the environment. */
export const logSettings = (env: NodeJS.ProcessEnv): LogSettings => {
  const json = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  const level = LEVELS.find((each) => each === env.AWS_LAMBDA_LOG_LEVEL?.toLowerCase());
  return { json, least: json ? (level ?? "info") : "trace" };
};

/**
 * Makes `console` write as Lambda's does.
 * @param requestId of the running invocation; `undefined` while the module loads
 */
export const patchConsole = (
  target: Console,
  settings: LogSettings,
  requestId: () => string | undefined,
  send: (message: LogMessage) => void,
): void => {
  for (const [method, level] of Object.entries(METHODS)) {
    target[method as keyof typeof METHODS] = (...values: unknown[]) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(settings.least)) return;
      send({ type: "log", level, line: formatLine(settings.json, level, requestId(), new Date(), values) });
    };
  }
};

/** One line of a log in either of Lambda's formats. */
const formatLine = (
  json: boolean,
  level: Level,
  requestId: string | undefined,
  now: Date,
  values: unknown[],
): string => {
  const timestamp = now.toISOString();
  if (!json) {
    const text = format(...values).replaceAll("\n", "\r");
    return `${timestamp}\t${requestId ?? "undefined"}\t${level.toUpperCase()}\t${text}`;
  }
  const line = { timestamp, level: level.toUpperCase(), requestId };
  return stringify({ ...line, ...body(values) }) ?? stringify({ ...line, message: format(...values) }) ?? "";
};

/** A single object is kept as it is; errors are told apart from text. */
const body = (values: unknown[]): Record<string, unknown> => {
  const [first] = values;
  if (values.length === 1 && !(first instanceof Error)) {
    return { message: typeof first === "object" && first !== null ? first : format(first) };
  }
  const error = values.find((value) => value instanceof Error);
  if (!error) return { message: format(...values) };
  const { errorType, errorMessage, trace } = toFunctionError(error);
  return {
    message: values.length === 1 ? errorMessage : format(...values),
    errorType,
    errorMessage,
    stackTrace: trace,
  };
};

/** `undefined` for what JSON cannot say, such as a cycle. */
const stringify = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
};
