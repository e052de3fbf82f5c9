import { billTable } from "../../meter/table.js";
import { DEV_HELP, parseDevArguments } from "./arguments.js";
import { banner, reachableLine, resourceLines, starterLines } from "./banner.js";
import { guardsOf } from "../pages/info.js";
import type { LogEntry } from "../../core/log.js";
import { toReadable } from "../app/guard-log.js";
import type { SystemOptions } from "../system/options.js";
import { logLine, requestLine } from "./output.js";
import { addressesOf, isReachable } from "../system/ports.js";
import { type Program, startProgram } from "./program.js";
import { readyOf } from "./ready.js";
import { isStarter } from "../app/source.js";
import { styleFor } from "../../core/terminal-style.js";
import { startSystem } from "../system/start-system.js";
import type { System } from "../system/system.js";

/**
 * Runs `push-it-cli dev` until it is stopped.
 * @param dist the built package's folder
 * @throws UserError if it cannot start
 */
export const dev = async (args: string[], dist: string): Promise<void> => {
  const started = performance.now();
  const { help, json, command, options: asked } = parseDevArguments(args);
  if (help) return void process.stdout.write(DEV_HELP);
  const options = { ...asked, project: process.cwd() };
  const stop = stopper();
  const [report, use] = reporting();
  const system = await startSystem({ ...options, ...report, dist, watch: true });
  stop.use(system);
  use(system);
  process.stderr.write(resourceLines(system.model, styleFor(process.stderr)));
  const { model, dynamodb } = system;
  const ready = readyOf(system, performance.now() - started);
  const style = styleFor(process.stderr);
  if (isStarter(options)) process.stderr.write(starterLines(options.project, options.guards, style));
  if (isReachable(addressesOf(options.host))) process.stderr.write(reachableLine(style));
  if (json) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else {
    const guards = guardsOf(model, { ...options, starter: isStarter(options) });
    process.stdout.write(banner({ ready, dynamodb: dynamodb.name, guards }, styleFor(process.stdout)));
  }
  if (command) await stop.with(startProgram(command, ready, json));
};

/** Logs go to stderr, whatever stdout is for. */
const reporting = (): [Pick<SystemOptions, "log" | "report" | "reloaded">, use: (started: System) => void] => {
  const style = styleFor(process.stderr);
  const write = (text: string) => void process.stderr.write(text);
  let system: System | undefined;
  const read = (entry: LogEntry): LogEntry | undefined =>
    system ? toReadable(entry, { model: system.model, guards: system.guardModule, cwd: process.cwd() }) : entry;
  const log = (entry: LogEntry): void => {
    const shown = read(entry);
    if (shown && shown.level !== "debug") write(logLine(shown, style));
  };
  return [
    {
      log,
      report: (report) => write(requestLine(report, style)),
      reloaded: (functions) => write(`${style.green("reloaded")} ${reloadedText(functions)}\n`),
    },
    (started) => void (system = started),
  ];
};

/** Most functions that are named. */
const MAX_NAMED = 3;

const reloadedText = (functions: string[]): string =>
  functions.length > MAX_NAMED ? `${functions.length} functions` : functions.join(", ");

/**
 * Ends the system, and the developer's program, on SIGINT, SIGTERM and SIGHUP, or when the program has ended. A second
 * signal does not wait.
 */
const stopper = () => {
  let system: System | undefined;
  let program: Program | undefined;
  let stopping = false;
  const end = async (status: number): Promise<void> => {
    if (system?.meter) process.stderr.write(`\n${billTable(system.meter.snapshot())}\n`);
    await system?.close();
    process.exit(status);
  };
  const stop = (signal: NodeJS.Signals) => {
    if (stopping || !system) process.exit(1);
    stopping = true;
    program?.stop(signal);
    void (program?.ended ?? Promise.resolve()).catch(() => undefined).then(() => end(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return {
    use: (started: System) => void (system = started),
    /** Ends with the program, and with its status. Rejects, after the system has ended, if it cannot be started. */
    with: async (started: Program): Promise<void> => {
      program = started;
      const status = await started.ended.catch(async (error: unknown) => {
        await system?.close();
        throw error;
      });
      if (!stopping) await end(status);
    },
  };
};
