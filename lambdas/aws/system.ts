import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Directory } from "../core/directory.js";
import type { Clock, Guards, Log, Store } from "../core/ports.js";
import { GuardHost } from "../guards/host.js";
import { ModuleGuards, openGuards } from "../guards/module-guards.js";
import type { WorkerSetup } from "../guards/messages.js";
import { DEFAULT_SETTINGS, type Settings } from "../settings.js";
import { systemClock } from "./clock.js";
import { lambdaLog } from "./log.js";
import { Table } from "./table.js";

/** What every route's Lambda works with. */
export interface System {
  settings: Settings;
  store: Store;
  directory: Directory;
  guards: Guards;
  clock: Clock;
  log: Log;
}

/** How long DynamoDB may take to connect and to answer before the SDK tries again, in milliseconds. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_000;

/** The share of a function's memory that its guards may fill; the rest is for the thread that outlives them. */
const GUARD_MEMORY = 0.5;

const environment = process.env;

const settings: Settings = { ...DEFAULT_SETTINGS, ...(JSON.parse(environment["PUSH_IT_SETTINGS"] ?? "{}") as Settings) };

/** The share of a function's memory at which its guards are ended, before Lambda kills the function. */
const EXHAUSTED_MEMORY = 0.85;

const memoryMb = Number(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] ?? 512);

/** How much a guard worker may always add to what the process had when it started, as a share of the function's memory. */
const LEAST_MEMORY = 0.1;

/** What the process had when the present guard worker started, in bytes. What an earlier one took may not be given back yet. */
let atStart = 0;

const exhausted = (): boolean =>
  process.memoryUsage.rss() > Math.max(memoryMb * EXHAUSTED_MEMORY * 2 ** 20, atStart + memoryMb * LEAST_MEMORY * 2 ** 20);

/** Starts a guard worker beside this function's code. */
const spawnWorker = (module: string) => (setup: Pick<WorkerSetup, "begun">): Worker => {
  const folder = environment["LAMBDA_TASK_ROOT"] ?? process.cwd();
  const heapMb = memoryMb * GUARD_MEMORY;
  atStart = process.memoryUsage.rss();
  return new Worker(join(folder, "guard-worker.mjs"), {
    workerData: {
      ...setup,
      module: pathToFileURL(join(folder, module)).href,
      rules: { wildcards: settings.wildcards, limits: settings.limits },
    } satisfies WorkerSetup,
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: Math.min(48, heapMb / 4) },
  });
};

const guardsFor = (module: string | undefined): Guards =>
  module
    ? new ModuleGuards(new GuardHost(spawnWorker(module), lambdaLog, exhausted), settings.timeouts, lambdaLog)
    : openGuards;

/** Builds the system from the environment that the construct sets. Once per execution environment. */
export const createSystem = (): System => {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  const store = new Table(client, environment["TABLE_NAME"] ?? "", systemClock);
  return {
    settings,
    store,
    directory: new Directory(store, systemClock),
    guards: guardsFor(environment["PUSH_IT_GUARDS"]),
    clock: systemClock,
    log: lambdaLog,
  };
};
