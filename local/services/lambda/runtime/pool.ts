import { randomUUID } from "node:crypto";
import type { FunctionError, InvokeOptions, InvokeResult } from "../../../core/invoker.js";
import type { FunctionModel } from "../../../assembly/model/functions.js";
import { Environment, type EnvironmentSpec, type InitError, type Outcome, type WriteLog } from "./environment.js";
import type { ProcessReaper } from "../../../core/process-reaper.js";
import type { InvocationMeter, RunEnd } from "../metering.js";

/** The report of one completed invocation. */
export interface InvocationReport {
  functionId: string;
  requestId: string;
  event: unknown;
  result: InvokeResult;
  /** From the call to its result, in milliseconds. */
  ms: number;
  /** Whether it had to wait for a new environment. */
  cold: boolean;
}

/** Options of a pool. */
export interface PoolOptions {
  reaper: ProcessReaper;
  /** Most environments of one function at a time; further events wait for one. */
  maxEnvironments: number;
  /** How long an idle environment is kept, in milliseconds. */
  idleMs: number;
  write: WriteLog;
  report: (report: InvocationReport) => void;
  meter?: InvocationMeter;
  /** Whether an environment that has served an event is not kept. @default all are kept */
  retire?: () => boolean;
}

/** A function, and how its processes are started. */
export interface PoolFunction {
  model: FunctionModel;
  arn: string;
  spec: () => EnvironmentSpec;
}

interface PendingInvocation {
  event: unknown;
  requestId: string;
  logged?: InvokeOptions["logged"];
  billed?: InvokeOptions["billed"];
  cold: boolean;
  started: number;
  resolve: (result: InvokeResult) => void;
}

/**
 * The environments of one function. An event gets an idle one, or a new one; whatever is free first serves the event
 * that has waited longest.
 */
export class Pool {
  #function: PoolFunction;
  readonly #idle: { environment: Environment; since: number }[] = [];
  readonly #all = new Set<Environment>();
  /** The environments that run the current version of the function. */
  #current = new Set<Environment>();
  /** How runs of an environment are metered. Empty without a meter. */
  readonly #metered = new WeakMap<
    Environment,
    { services: Record<string, number>; run: () => (end: RunEnd) => number }
  >();
  readonly #waiting: PendingInvocation[] = [];
  readonly #idleTimer: NodeJS.Timeout;
  #starting = 0;
  #running = 0;
  #closed = false;

  constructor(
    fn: PoolFunction,
    private readonly options: PoolOptions,
  ) {
    this.#function = fn;
    this.#idleTimer = setInterval(() => this.#closeIdle(), Math.max(1000, options.idleMs / 4)).unref();
  }

  /** Process ids of the environments that exist. */
  get pids(): number[] {
    return [...this.#all].flatMap(({ pid }) => pid ?? []);
  }

  /** Runs one event; never rejects. */
  invoke(event: unknown, { requestId = randomUUID(), logged, billed }: InvokeOptions = {}): Promise<InvokeResult> {
    const reserved = this.#function.model.reservedConcurrency;
    if (this.#closed) return Promise.resolve(failure("crash", CLOSED));
    if (reserved !== undefined && this.#running + this.#waiting.length >= reserved) {
      return Promise.resolve(failure("throttled", THROTTLED));
    }
    return new Promise((resolve) => {
      this.#waiting.push({ event, requestId, logged, billed, cold: false, started: performance.now(), resolve });
      this.#dispatch();
    });
  }

  /** Runs further events in new environments. Current events finish in the old ones. */
  replace(fn: PoolFunction): void {
    this.#function = fn;
    this.#current = new Set();
    this.#starting = 0;
    for (const { environment } of this.#idle.splice(0)) environment.kill();
    this.#dispatch();
  }

  /**
   * Kills every environment that runs an event, as AWS may do at any time; the event ends as a crash.
   * @returns how many there were
   */
  kill(): number {
    const idle = new Set(this.#idle.map(({ environment }) => environment));
    const findBusy = [...this.#all].filter((environment) => environment.pid !== undefined && !idle.has(environment));
    for (const environment of findBusy) environment.kill();
    return findBusy.length;
  }

  /** The environment that has this access key and runs an event. */
  findBusy(accessKeyId: string): Environment | undefined {
    const found = [...this.#all].find((environment) => environment.accessKeyId === accessKeyId);
    return this.#idle.some(({ environment }) => environment === found) ? undefined : found;
  }

  /** Ends every environment. Running and waiting events end as crashes. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#idleTimer);
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(failure("crash", CLOSED));
    for (const environment of this.#all) environment.kill();
    await Promise.all([...this.#all].map(({ ended }) => ended));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      void this.#serve(this.#idle.pop()!.environment, this.#waiting.shift()!);
    }
    while (this.#starting < this.#waiting.length && this.#current.size < this.options.maxEnvironments) this.#start();
    for (const waiting of this.#waiting) waiting.cold = true;
  }

  #start(): void {
    const spec = this.#function.spec();
    const environment = new Environment(spec, this.options.reaper, this.options.write);
    this.#all.add(environment);
    this.#meter(environment, spec);
    const current = this.#current.add(environment);
    this.#starting += 1;
    void environment.ended.then(() => this.#onEnded(environment));
    environment.ready.then(
      () => (current === this.#current ? this.#onReady(environment) : environment.kill()),
      (error: InitError) => {
        environment.kill();
        if (current === this.#current) this.#onInitFailed(environment, error);
      },
    );
  }

  #meter(environment: Environment, { variables }: EnvironmentSpec): void {
    const { meter } = this.options;
    if (!meter) return;
    const { logicalId: functionId, memoryMb } = this.#function.model;
    const accessKeyId = variables.AWS_ACCESS_KEY_ID ?? "";
    meter.coldStart({ functionId, memoryMb });
    const run = () => meter.run({ functionId, memoryMb, accessKeyId });
    this.#metered.set(environment, { services: meter.services(variables), run });
  }

  #onReady(environment: Environment): void {
    this.#starting -= 1;
    this.#release(environment);
  }

  /** The load failed: the oldest waiting event receives the error, because it caused the cold start. */
  #onInitFailed(environment: Environment, { reported }: InitError): void {
    this.#current.delete(environment);
    this.#starting -= 1;
    const waiting = this.#waiting.shift();
    if (waiting) this.#complete(waiting, reportedFailure("error", reported));
    this.#dispatch();
  }

  async #serve(environment: Environment, waiting: PendingInvocation): Promise<void> {
    const { model, arn } = this.#function;
    const { requestId, event, logged } = waiting;
    const deadline = Date.now() + model.timeoutSeconds * 1000;
    const metered = this.#metered.get(environment);
    const services = metered && { services: metered.services };
    const end = metered?.run();
    this.#running += 1;
    const outcome = await environment.run({ requestId, deadline, functionArn: arn, event, ...services }, logged);
    this.#running -= 1;
    const billedMs = end?.(endOf(outcome, model));
    if (billedMs !== undefined) waiting.billed?.(billedMs);
    if (outcome.kind === "timeout" || outcome.kind === "crash") this.#current.delete(environment);
    else if (this.options.retire?.()) {
      this.#current.delete(environment);
      environment.kill();
    } else this.#release(environment);
    this.#complete(waiting, toResult(outcome, model.timeoutSeconds));
    this.#dispatch();
  }

  #release(environment: Environment): void {
    if (!this.#current.has(environment) || this.#closed) return environment.kill();
    this.#idle.push({ environment, since: Date.now() });
    this.#dispatch();
  }

  #complete(waiting: PendingInvocation, result: InvokeResult): void {
    const { event, requestId, cold, started } = waiting;
    waiting.resolve(result);
    const functionId = this.#function.model.logicalId;
    this.options.report({ functionId, requestId, event, result, cold, ms: performance.now() - started });
  }

  #onEnded(environment: Environment): void {
    this.#all.delete(environment);
    this.#current.delete(environment);
    const index = this.#idle.findIndex((each) => each.environment === environment);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  #closeIdle(): void {
    const before = Date.now() - this.options.idleMs;
    while (this.#idle[0] && this.#idle[0].since < before) this.#idle.shift()!.environment.kill();
  }
}

const CLOSED = "The runtime is stopping.";
const THROTTLED = "Rate Exceeded: the function's reserved concurrency is in use.";

const failure = (kind: "crash" | "throttled", message: string): InvokeResult => ({ ok: false, kind, message });

const endOf = (outcome: Outcome, { timeoutSeconds }: FunctionModel): RunEnd => {
  if (outcome.kind === "timeout") return { timedOutMs: timeoutSeconds * 1000 };
  return outcome.kind === "crash" ? {} : { spent: outcome.spent };
};

const toResult = (outcome: Outcome, timeoutSeconds: number): InvokeResult => {
  if (outcome.kind === "result") return { ok: true, payload: outcome.payload };
  if (outcome.kind === "timeout") {
    const message = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    return { ok: false, kind: "timeout", message, error: { errorType: "Sandbox.Timedout", errorMessage: message } };
  }
  return reportedFailure(outcome.kind, outcome.error);
};

const reportedFailure = (kind: "error" | "crash", error: FunctionError): InvokeResult => ({
  ok: false,
  kind,
  message: `${error.errorType}: ${error.errorMessage}`,
  error,
});
