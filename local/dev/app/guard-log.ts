import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { FunctionModel } from "../../assembly/model/functions.js";
import type { LogEntry } from "../../core/log.js";
import type { SystemModel } from "../../assembly/model/system.js";

/** What is known of a system whose log is read. */
export interface LogContext {
  model: SystemModel;
  /** The guard module's absolute path; absent: there is none, or its source is elsewhere. */
  guards?: string | undefined;
  /** Where paths are read: the folder in which the command was started. */
  cwd: string;
}

/**
 * The functions with their logs at debug level, as the construct's `applicationLogLevel: DEBUG` would have them, and
 * `loggingFormat: JSON` those of guard functions in Node: so that what a guard throws is in the log with its message.
 */
export const withDebugLogs = (model: SystemModel): SystemModel => {
  const asked = model.functions.map(({ environment }) => environment["PUSH_IT_GUARD_FUNCTIONS"] ?? "").join("\n");
  const isGuard = ({ name, runtime }: FunctionModel): boolean =>
    runtime.startsWith("nodejs") && asked.includes(`:function:${name}"`);
  const functions = model.functions.map((each): FunctionModel => {
    if (each.external) return isGuard(each) ? { ...each, logFormat: "JSON", logLevel: "DEBUG" } : each;
    return each.logFormat === "JSON" ? { ...each, logLevel: "DEBUG" } : each;
  });
  return { ...model, functions };
};

/** A line of a function's log in JSON. */
interface Line {
  message?: unknown;
  errorType?: string;
  stackTrace?: string[];
}

/** What guards are about, as the log says it. */
interface GuardEvent {
  event?: string;
  guard?: string;
  channel?: string;
  detail?: string;
  said?: string;
}

/** Frames of the code that calls guards, and of Node. */
const FOREIGN_FRAMES = /^\s+at .*(guard-worker\.mjs|node:internal|\bindex\.mjs)/;

/** A file in a stack: `(/tmp/x/guards.ts:11:37)` or `at /tmp/x/guards.ts:11:37`. */
const FILE = /(file:\/\/)?(\/[^\s()]+?)(?=:\d+:\d+\)?$)/;

/** A stack whose files are those of the project, as one can click them, without frames that are not the guard's. */
const readableStack = (stack: string, code: string, { guards, cwd }: LogContext): string => {
  const place = (path: string): string => {
    const source = guards === undefined ? path : resolve(dirname(guards), relative(code, path));
    const found = existsSync(source) ? source : path;
    const near = relative(cwd, found);
    return near.startsWith("..") ? found : near;
  };
  return stack
    .split("\n")
    .filter((line) => !FOREIGN_FRAMES.test(line))
    .map((line) => line.replace(FILE, (_all, _scheme: string | undefined, path: string) => place(path)))
    .join("\n");
};

/**
 * A line of the log for the developer of guards: what a guard threw, with its message and its place in the project. A
 * function that logs JSON says text as text.
 * @returns `undefined` for what another line says better
 */
export const toReadable = (entry: LogEntry, context: LogContext): LogEntry | undefined => {
  const line = parsed(entry.message);
  if (!line) return entry;
  const code = context.model.functions.find(({ logicalId }) => logicalId === entry.source)?.code ?? "";
  const { message } = line;
  if (typeof message === "string") {
    const stack = line.stackTrace?.join("\n");
    return { ...entry, message: stack === undefined ? message : readableStack(stack, code, context) };
  }
  const { event, guard = "", channel, detail = "", said = "" } = (message ?? {}) as GuardEvent;
  const what = channel === undefined ? guard : `${guard} of ${channel}`;
  const told = (text: string): LogEntry => ({ level: "error", source: "guards", message: text });
  if (event === "guard_said") return told(`${what} threw:\n${readableStack(said, code, context)}`);
  if (event === "guards_not_loaded")
    return told(
      `The guard module could not be loaded, so nothing is permitted:\n${readableStack(detail, code, context)}`,
    );
  // `guard_said` follows, with the message.
  if (event === "guard_failed" && (detail.includes("\n    at ") || detail.startsWith("it threw no error")))
    return undefined;
  return entry;
};

const parsed = (text: string): Line | undefined => {
  if (!text.startsWith("{")) return undefined;
  try {
    const line = JSON.parse(text) as Line;
    return line.message === undefined ? undefined : line;
  } catch {
    return undefined;
  }
};
