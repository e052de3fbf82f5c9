import { billTable } from "../meter/table.js";
import { DEV_HELP, parseDevArguments } from "./arguments.js";
import { banner, resourceLines } from "./banner.js";
import { guardsOf } from "./info.js";
import type { SystemOptions } from "./options.js";
import { logLine, requestLine } from "./output.js";
import { styleFor } from "./style.js";
import { startSystem, type System } from "./system.js";

/**
 * Runs `push-it-cli dev` until it is told to stop.
 * @param dist the built package's folder
 * @throws Failure when it cannot start
 */
export const dev = async (args: string[], dist: string): Promise<void> => {
  const started = performance.now();
  const { help, json, options } = parseDevArguments(args);
  if (help) return void process.stdout.write(DEV_HELP);
  const stop = stopper();
  const system = await startSystem({ ...options, ...reporting(), dist, project: process.cwd(), watch: true });
  stop.use(system);
  process.stderr.write(resourceLines(system.model, styleFor(process.stderr)));
  const { websocketUrl, managementUrl, consoleUrl, functionUrls, model, dynamodb } = system;
  const urls = { websocketUrl, managementUrl, consoleUrl, ...(model.urls.length > 0 && { functionUrls }) };
  if (json) return void process.stdout.write(`${JSON.stringify(urls)}\n`);
  const startedMs = performance.now() - started;
  const facts = { consoleUrl, websocketUrl, dynamodb: dynamodb.name, guards: guardsOf(model, options), startedMs };
  process.stdout.write(banner({ ...facts, construct: model.path }, styleFor(process.stdout)));
};

/** Logs go to stderr, whatever stdout is for. */
const reporting = (): Pick<SystemOptions, "log" | "report" | "reloaded"> => {
  const style = styleFor(process.stderr);
  const write = (text: string) => void process.stderr.write(text);
  return {
    log: (entry) => (entry.level === "debug" ? undefined : write(logLine(entry, style))),
    report: (report) => write(requestLine(report, style)),
    reloaded: (functions) => write(`${style.green("reloaded")} ${functions.join(", ")}\n`),
  };
};

/** Ends the system on SIGINT, SIGTERM and SIGHUP; a second signal does not wait. */
const stopper = () => {
  let system: System | undefined;
  let stopping = false;
  const stop = () => {
    if (stopping || !system) process.exit(1);
    stopping = true;
    if (system.meter) process.stderr.write(`\n${billTable(system.meter.snapshot())}\n`);
    void system.close().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  return { use: (started: System) => void (system = started) };
};
