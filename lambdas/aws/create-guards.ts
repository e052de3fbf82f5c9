import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { ChannelRules } from "../subscriptions/channel-rules.js";
import type { Clock, GuardPort, Log } from "../ports.js";
import { CombinedRunner } from "../guards/combined-runner.js";
import { DeveloperGuards, openGuards } from "../guards/developer-guards.js";
import { FunctionRunner, type GuardFunctions } from "../guards/function-runner.js";
import { GuardHost, type ReadHistory } from "../guards/host.js";
import type { WorkerSetup } from "../guards/messages.js";
import type { Settings } from "../settings.js";
import { lambdaInvoke } from "./lambda/invoke.js";

const environment = process.env;

/** The share of a function's memory that its guards may fill; the rest is for the main thread. */
const GUARD_MEMORY = 0.5;

/** The share of a function's memory at which its guards are terminated, before Lambda kills the function. */
const EXHAUSTED_MEMORY = 0.85;

const memoryMb = Number(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? 512);

/** The memory that a guard worker may always add to the process, as a share of the function's memory. */
const MIN_GROWTH = 0.1;

/**
 * Memory of the process when the present guard worker started, in bytes. It may include memory of an earlier worker.
 */
let memoryAtStart = 0;

const exhausted = (): boolean =>
  process.memoryUsage.rss() >
  Math.max(memoryMb * EXHAUSTED_MEMORY * 2 ** 20, memoryAtStart + memoryMb * MIN_GROWTH * 2 ** 20);

/** Starts a guard worker from the bundle next to this function's code. */
const spawnWorker =
  (module: string, rules: ChannelRules) =>
  (setup: Pick<WorkerSetup, "begun">): Worker => {
    const folder = environment["LAMBDA_TASK_ROOT"] ?? process.cwd();
    const heapMb = memoryMb * GUARD_MEMORY;
    memoryAtStart = process.memoryUsage.rss();
    return new Worker(join(folder, "guard-worker.mjs"), {
      workerData: { ...setup, module: pathToFileURL(join(folder, module)).href, rules } satisfies WorkerSetup,
      resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: Math.min(48, heapMb / 4) },
    });
  };

/**
 * The configured guards: a module (`PUSH_IT_GUARDS`), functions (`PUSH_IT_GUARD_FUNCTIONS`), both, or none.
 * @param read reads a history for a guard of the module
 */
export const createGuards = (
  { timeouts, wildcards, limits }: Settings,
  clock: Clock,
  log: Log,
  read?: ReadHistory,
): GuardPort => {
  const { PUSH_IT_GUARDS: file, PUSH_IT_GUARD_FUNCTIONS: arns } = environment;
  const module = file ? new GuardHost(spawnWorker(file, { wildcards, limits }), log, exhausted, read) : undefined;
  const functions = arns
    ? new FunctionRunner({
        functions: JSON.parse(arns) as GuardFunctions,
        wildcards,
        limits,
        invoke: lambdaInvoke(),
        clock,
        timing: { now: () => performance.now(), soon: setImmediate },
        log,
      })
    : undefined;
  const runner = module && functions ? new CombinedRunner(module, functions, log) : (module ?? functions);
  return runner ? new DeveloperGuards(runner, timeouts, log) : openGuards;
};
