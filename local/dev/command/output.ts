import type { InvocationReport } from "../../services/lambda/runtime/pool.js";
import type { LogEntry } from "../../core/log.js";
import type { Style } from "../../core/terminal-style.js";

/** One line of the runtime's log, for people. */
export const logLine = ({ level, source, message }: LogEntry, style: Style): string => {
  const label = `${source} │ `;
  const text = message.replaceAll("\r", "\n").replaceAll("\n", `\n${" ".repeat(label.length)}`);
  const paint = { debug: style.dim, info: (each: string) => each, warn: style.yellow, error: style.red }[level];
  return `${style.dim(label)}${paint(text)}\n`;
};

/** One invocation: its route, its duration, its result. */
export const requestLine = ({ functionId, event, result, ms, cold }: InvocationReport, style: Style): string => {
  const route = (routeKeyOf(event) ?? functionId).padEnd(ROUTE_CHARACTERS);
  const time = `${ms.toFixed(ms < 10 ? 1 : 0)} ms`.padStart(TIME_CHARACTERS);
  const outcome = result.ok ? okOf(result.payload, style) : style.red(`${result.kind}: ${result.message}`);
  return `${style.cyan(route)} ${time}  ${outcome}${cold ? style.dim("  cold start") : ""}\n`;
};

const ROUTE_CHARACTERS = 12;
const TIME_CHARACTERS = 8;

/** A WebSocket event's route; a schedule's detail type. */
const routeKeyOf = (event: unknown): string | undefined => {
  const { requestContext, "detail-type": detail } = (event ?? {}) as {
    requestContext?: { routeKey?: string };
    "detail-type"?: string;
  };
  return requestContext?.routeKey ?? (detail === undefined ? undefined : "schedule");
};

const okOf = (payload: unknown, { green, yellow }: Style): string => {
  const status = (payload as { statusCode?: number } | null)?.statusCode;
  if (status === undefined) return green("ok");
  return status < 400 ? green(String(status)) : yellow(String(status));
};
