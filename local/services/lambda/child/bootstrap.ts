import module from "node:module";
import { EVENTS_FD, readFrameSync, RESULTS_FD, writeFrameSync } from "../frames.js";
import { logSettings, patchConsole } from "./console.js";
import { RuntimeError, toFunctionError } from "./errors.js";
import { loadHandler } from "./handler.js";
import { runHandler } from "./run.js";
import { Stopwatch } from "./stopwatch.js";
import type { ChildMessage, Invocation } from "../messages.js";

/*
 * The program that runs in the process of an execution environment. It loads the handler, and then runs one event after
 * the other. Between two events the main thread is inside a blocking read, so that timers, promises and I/O of the
 * function pause. Work that a handler does not await continues with the next event, as in Lambda.
 */

const { env } = process;
let requestId: string | undefined;
let whenEmpty: () => void = () => undefined;

const send = (message: ChildMessage): void => writeFrameSync(RESULTS_FD, message);

const die = (thrown: unknown): never => {
  send({ type: "fatal", error: toFunctionError(thrown) });
  process.exit(1);
};

/** Lambda's own runtimes resolve imports by NODE_PATH, too; see node-path.ts. */
const importByNodePath = async (): Promise<void> => {
  if (!env.NODE_PATH) return;
  const file = new URL("./node-path.mjs", import.meta.url);
  if (typeof module.registerHooks !== "function") return module.register(file);
  const { resolveSync } = (await import(file.href)) as typeof import("./node-path.js");
  module.registerHooks({ resolve: resolveSync });
};

const serve = async (): Promise<void> => {
  await importByNodePath();
  const runtime = (env.AWS_EXECUTION_ENV ?? "").replace("AWS_Lambda_", "");
  const handler = await loadHandler(env.LAMBDA_TASK_ROOT ?? "", env._HANDLER ?? "", runtime);
  send({ type: "ready" });
  for (let next = receive(); next; next = receive()) {
    const started = next.services && start(next.services);
    const outcome = await runHandler(handler, next, env, (then) => (whenEmpty = then));
    send(started ? { ...outcome, spent: started.stop() } : outcome);
  }
  process.exit(0);
};

let stopwatch: Stopwatch | undefined;

/** Starts the stopwatch. It observes requests only if an invocation is metered. */
const start = (services: Record<string, number>): Stopwatch => {
  stopwatch ??= new Stopwatch();
  stopwatch.start(services);
  return stopwatch;
};

const receive = (): Invocation | undefined => {
  const invocation = readFrameSync<Invocation>(EVENTS_FD);
  requestId = invocation?.requestId;
  whenEmpty = () => undefined;
  return invocation;
};

patchConsole(console, logSettings(env), () => requestId, send);
process.on("beforeExit", () => whenEmpty());
process.on("uncaughtException", die);
process.on("unhandledRejection", (reason) =>
  die(new RuntimeError("UnhandledPromiseRejection", toFunctionError(reason).errorMessage)),
);
serve().catch(die);
