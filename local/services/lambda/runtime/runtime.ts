import { type FunctionModel, functionArn } from "../../../assembly/model/functions.js";
import type { InvokeOptions, InvokeResult, Invoker } from "../../../core/invoker.js";
import type { Log, LogEntry } from "../../../core/log.js";
import type { Credentials } from "../../../core/credentials.js";
import type { ExecutionEnvironments } from "../../../core/execution-environments.js";

import type { ProcessReaper } from "../../../core/process-reaper.js";
import { type Bootstraps, launchOf } from "./launch.js";
import { AccountConcurrency } from "./account-concurrency.js";
import type { InvocationMeter } from "../metering.js";
import type { Environment } from "./environment.js";
import { Pool, type InvocationReport, type PoolFunction, type PoolOptions } from "./pool.js";
import { functionVariables } from "./variables.js";
import type { Place } from "../../../core/place.js";

/** How functions are run. */
export interface RuntimeOptions {
  bootstraps: Bootstraps;
  place: Place;
  credentials: Credentials;
  reaper: ProcessReaper;
  /** The `AWS_ENDPOINT_URL_…` variables; asked when an environment starts. */
  endpoints: () => Record<string, string>;
  /** A `NODE_PATH` for functions outside the construct: Lambda has the AWS SDK in its own. @default none */
  libraries?: string;
  log: Log;
  /** Called after each invocation. */
  report?: (report: InvocationReport) => void;
  /** Most environments of one function at a time. @default 50 */
  maxEnvironments?: number;
  /** How long an idle environment is kept, in milliseconds. @default 300000 */
  idleMs?: number;
  /** Meters environments and runs. @default runs are not metered */
  meter?: InvocationMeter;
  /** Most events that functions may have at a time, together: more are throttled. @default as many as there are */
  concurrency?: number;
  /** Faults that a test strikes with. @default none */
  faults?: LambdaFaults;
}

/** Default maximum of environments of one function at a time. */
export const MAX_ENVIRONMENTS = 50;
const IDLE_MS = 5 * 60_000;

/** Runs the template's functions, each in its own environments. */
export class LambdaRuntime implements Invoker {
  readonly #pools = new Map<string, { pool: Pool; model: FunctionModel }>();
  readonly #concurrency: AccountConcurrency;

  constructor(
    functions: FunctionModel[],
    private readonly options: RuntimeOptions,
  ) {
    this.#concurrency = new AccountConcurrency(options.concurrency);
    this.#concurrency.set(functions);
    functions.forEach((model) => this.#add(model));
  }

  /** Process ids of all environments that exist. */
  get pids(): number[] {
    return [...this.#pools.values()].flatMap(({ pool }) => pool.pids);
  }

  invoke(functionId: string, event: unknown, options?: InvokeOptions): Promise<InvokeResult> {
    const found = this.#pools.get(functionId);
    if (found) return this.#concurrency.run(found.model, () => found.pool.invoke(event, options));
    return Promise.resolve({ ok: false, kind: "error", message: `There is no function ${functionId} here.` });
  }

  /**
   * Replaces changed functions: their next events run in new environments.
   * @returns the logical ids of the changed functions
   */
  update(functions: FunctionModel[]): string[] {
    this.#concurrency.set(functions);
    const changed = functions.filter((model) => !same(this.#pools.get(model.logicalId)?.model, model));
    for (const model of changed) {
      const known = this.#pools.get(model.logicalId);
      if (!known) this.#add(model);
      else {
        known.pool.replace(this.#function(model));
        known.model = model;
      }
    }
    const ids = new Set(functions.map(({ logicalId }) => logicalId));
    for (const [id, { pool }] of this.#pools) {
      if (ids.has(id)) continue;
      this.#pools.delete(id);
      void pool.close();
    }
    return changed.map(({ logicalId }) => logicalId);
  }

  /** Kills the environments of a function that run an event, and returns their number. */
  kill(functionId: string): number {
    return this.#pools.get(functionId)?.pool.kill() ?? 0;
  }

  /** Its environments, one by one. */
  readonly environments: ExecutionEnvironments = {
    kill: (accessKeyId) => this.#busy(accessKeyId)?.kill(),
    freeze: (accessKeyId) => this.#busy(accessKeyId)?.freeze(),
  };

  #busy(accessKeyId: string): Environment | undefined {
    for (const { pool } of this.#pools.values()) {
      const found = pool.findBusy(accessKeyId);
      if (found) return found;
    }
    return undefined;
  }

  /** Ends every process. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(({ pool }) => pool.close()));
  }

  #add(model: FunctionModel): void {
    this.#pools.set(model.logicalId, { model, pool: new Pool(this.#function(model), this.#poolOptions(model)) });
  }

  #function(model: FunctionModel): PoolFunction {
    const { place, credentials, bootstraps, endpoints } = this.options;
    const libraries = model.external && model.runtime.startsWith("nodejs") ? this.options.libraries : undefined;
    return {
      model,
      arn: functionArn(model, place),
      spec: () => ({
        ...launchOf(model, bootstraps),
        cwd: model.code,
        variables: functionVariables(model, place, credentials.ofEnvironment(model.logicalId), endpoints(), libraries),
      }),
    };
  }

  #poolOptions(model: FunctionModel): PoolOptions {
    const { log, report, reaper, meter, faults, maxEnvironments = MAX_ENVIRONMENTS, idleMs = IDLE_MS } = this.options;
    const write = (level: string, line: string) =>
      log({ level: levelOf(level), source: model.logicalId, message: line });
    const retire = faults?.retire && ((): boolean => faults.retire?.(model.logicalId) === true);
    return {
      reaper,
      maxEnvironments,
      idleMs,
      write,
      report: (each) => report?.(each),
      ...(meter && { meter }),
      ...(retire && { retire }),
    };
  }
}

const same = (a: FunctionModel | undefined, b: FunctionModel): boolean => JSON.stringify(a) === JSON.stringify(b);

const levelOf = (level: string): LogEntry["level"] => {
  if (level === "trace" || level === "debug") return "debug";
  if (level === "fatal") return "error";
  return level === "warn" || level === "error" ? level : "info";
};

/** Faults of execution environments. Every member is optional and called each time. Normal runs use none. */
export interface LambdaFaults {
  /**
   * Whether to end an environment after its event, as AWS may do at any time. The next event may then be a cold start.
   */
  retire?(functionId: string): boolean;
}
