import type { Replay } from "../../protocol/index.js";
import type { Manifest } from "../../protocol/guard-manifest.js";
import type { Log } from "../ports.js";
import type { Decision, FromWorker, GuardCall, WorkerSetup } from "./messages.js";
import type { CallResult, GuardRunner } from "./runner.js";
import type { ErrorReport } from "./error-report.js";
import {
  exitDetail,
  type GuardThread,
  isAnotherCall,
  isLoading,
  type Pending,
  probe,
  reportOf,
  type WorkerLike,
} from "./guard-thread.js";

/** Reads a history for a guard, with any query. Rejects with the error for the guard. */
export type ReadHistory = (query: unknown) => Promise<Replay>;

/**
 * How long callers wait for a module to be loaded, in milliseconds and all together, before its thread is terminated
 * and the next one tries. This is the time that Lambda gives a function for its initialisation. A shorter time would
 * never load a module that takes longer than its guards may.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const LOAD_MS = 10_000;

/** How often the memory of running guards is checked, in milliseconds. */
const MEMORY_CHECK_MS = 50;

/**
 * Runs guards in a worker thread that can be blocked, exit or exhaust its memory, while the main thread still answers
 * in time. A waiting thread is kept; a blocked or dead thread is replaced.
 */
export class GuardHost implements GuardRunner {
  #thread: GuardThread | undefined;
  #lastId = 0;
  readonly #spawn: (setup: Pick<WorkerSetup, "begun">) => WorkerLike;
  readonly #log: Log;
  readonly #exhausted: () => boolean;
  readonly #read: ReadHistory;

  /**
   * Starts the first worker at once, so that a cold start loads the guards in parallel.
   * @param exhausted whether the guards must be terminated before Lambda kills the process for its memory: a worker's own limit bounds its heap, not its buffers
   * @param read reads a history for a guard; left out: this function has no histories
   */
  constructor(
    spawn: (setup: Pick<WorkerSetup, "begun">) => WorkerLike,
    log: Log,
    exhausted: () => boolean = () => false,
    read: ReadHistory = () => Promise.reject(new Error("histories cannot be read here")),
  ) {
    this.#spawn = spawn;
    this.#log = log;
    this.#exhausted = exhausted;
    this.#read = read;
    this.#current();
  }

  /**
   * The defined guards of the module; `undefined` if it could not be loaded, `"timeout"` if it is still loading after
   * `timeoutMs`. Then it continues to load for the next caller, until `LOAD_MS` have passed.
   */
  async manifest(timeoutMs: number): Promise<Manifest | "timeout" | undefined> {
    const thread = this.#current();
    const { waiting } = thread;
    if ((waiting.callers += 1) === 1) waiting.since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(resolve, timeoutMs, "timeout")));
    const manifest = await Promise.race([thread.loaded, late]);
    clearTimeout(timer);
    if ((waiting.callers -= 1) === 0) waiting.before += performance.now() - waiting.since;
    if (manifest !== "timeout" || waiting.before < LOAD_MS || this.#thread !== thread) return manifest;
    this.#notLoaded(
      `the guard module was not loaded after ${LOAD_MS / 1000} seconds: does it loop, or await a promise that never settles?`,
    );
    await this.#end(thread, { kind: "timeout" });
    return undefined;
  }

  /**
   * Runs one guard. Never rejects, and takes little longer than `timeoutMs`.
   * @param withinMs more than `timeoutMs`: if another call costs the thread, this call runs again with its full time,
   * as long as that ends within this time
   * @param begun called when a delivery guard has started
   */
  run(call: GuardCall, timeoutMs: number, withinMs = 0, begun?: () => void): Promise<CallResult> {
    const retryUntil = performance.now() + withinMs - timeoutMs;
    const delivery = call.handler === "onMessageReceived";
    return new Promise((settle) =>
      this.#dispatch({ call: JSON.stringify(call), delivery, timeoutMs, retryUntil, begun, settle }),
    );
  }

  /** Terminates the worker. Pending calls fail. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread) await this.#end(thread, { kind: "failed", detail: "closed" }, false);
  }

  #current(): GuardThread {
    return (this.#thread ??= this.#start());
  }

  #start(): GuardThread {
    const shared = new SharedArrayBuffer(4);
    let finishLoading: GuardThread["finishLoading"] = () => undefined;
    const loaded = new Promise<Manifest | undefined>((resolve) => (finishLoading = resolve));
    const worker = this.#spawn({ begun: shared });
    const thread: GuardThread = {
      worker,
      begun: new Int32Array(shared),
      pending: new Map(),
      loaded,
      finishLoading,
      waiting: { callers: 0, since: 0, before: 0 },
    };
    worker.on("message", (message) => this.#onMessage(thread, message));
    worker.on("error", (error) => this.#onDeath(thread, reportOf(thread, error)));
    worker.on("exit", (code) => this.#onDeath(thread, { detail: exitDetail(thread, code) }));
    return thread;
  }

  /**
   * Handles the end of a thread. Before its first call, its module is the cause: the next thread would fail too, so it
   * is logged.
   */
  #onDeath(thread: GuardThread, trace: Partial<ErrorReport> & Pick<ErrorReport, "detail">): void {
    if (this.#thread !== thread) return;
    if (isLoading(thread)) this.#notLoaded(trace.detail);
    void this.#end(thread, { kind: "failed", ...trace });
  }

  #notLoaded(detail: string): void {
    this.#log.error("guards_not_loaded", { detail });
  }

  #dispatch(call: Omit<Pending, "timer" | "deadline" | "overrunCallId">): void {
    const thread = this.#current();
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => void this.#expire(thread, id), call.timeoutMs);
    thread.pending.set(id, { ...call, timer, deadline: performance.now() + call.timeoutMs, overrunCallId: undefined });
    thread.watch ??= setInterval(() => this.#checkMemory(thread), MEMORY_CHECK_MS);
    thread.worker.postMessage({ kind: "call", id, call: call.call });
  }

  #onMessage(thread: GuardThread, message: FromWorker): void {
    switch (message.kind) {
      case "loaded":
        return thread.finishLoading(message.manifest);
      case "not loaded":
        this.#notLoaded(message.detail);
        return void this.#end(thread, { kind: "failed", detail: message.detail }, false);
      case "begun":
        return thread.pending.get(message.id)?.begun?.();
      case "decided":
        return this.#complete(thread, message.id, () => ({
          kind: "decided",
          decision: JSON.parse(message.decision) as Decision,
        }));
      case "failed":
        return this.#complete(thread, message.id, () => ({
          kind: "failed",
          detail: message.detail,
          said: message.said,
        }));
      case "ignored":
        return this.#log.warn("guard_verdict_ignored", { ...message.about, verdict: message.verdict });
      case "read":
        return void this.#readFor(thread, message.id, JSON.parse(message.query));
      case "alive":
        return thread.alive?.();
    }
  }

  async #readFor({ worker }: GuardThread, id: number, query: unknown): Promise<void> {
    try {
      worker.postMessage({ kind: "read", id, replay: JSON.stringify(await this.#read(query)) });
    } catch (error) {
      worker.postMessage({ kind: "not read", id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /**
   * Handles the result of a call. After its deadline the result is ignored, and the call is about to get a timeout.
   *
   * The deadline is checked here by the clock, and not by the timer: both events may come in the same turn. So a
   * verdict in time is lost if this thread was too busy to read it, or if Lambda froze the environment in between. That
   * is the less permissive of two errors, and the rarer. Lambda freezes only an environment that has answered its
   * request, so that no caller waits for the verdict. And only the guard's own thread, which decides nothing, could
   * know whether the verdict was in time.
   */
  #complete(thread: GuardThread, id: number, result: () => CallResult): void {
    const pending = thread.pending.get(id);
    if (!pending) return;
    if (pending.overrunCallId === undefined && performance.now() < pending.deadline)
      return this.#settle(thread, id, result());
    const overrunCallId = (pending.overrunCallId ??= Atomics.load(thread.begun, 0));
    // Another recipient's guard blocked the thread until this call's timeout, so retry this call.
    if (!pending.delivery || !isAnotherCall(overrunCallId, id)) return;
    this.#removePending(thread, id, pending);
    if (performance.now() < pending.retryUntil) this.#dispatch(pending);
    else pending.settle({ kind: "late" });
  }

  #settle(thread: GuardThread, id: number, result: CallResult): void {
    const pending = thread.pending.get(id);
    if (!pending) return;
    this.#removePending(thread, id, pending);
    pending.settle(result);
  }

  #removePending(thread: GuardThread, id: number, { timer }: Pending): void {
    thread.pending.delete(id);
    if (thread.pending.size === 0) this.#stopWatching(thread);
    clearTimeout(timer);
  }

  #checkMemory(thread: GuardThread): void {
    if (this.#exhausted()) void this.#end(thread, { kind: "failed", detail: "the guards used too much memory" });
  }

  #stopWatching(thread: GuardThread): void {
    clearInterval(thread.watch);
    thread.watch = undefined;
  }

  /**
   * Handles a call's timeout. It checks whether the thread is blocked before the call gets its result, because nothing
   * runs after that.
   */
  async #expire(thread: GuardThread, id: number): Promise<void> {
    const pending = thread.pending.get(id);
    if (pending) pending.overrunCallId ??= Atomics.load(thread.begun, 0);
    thread.probe ??= probe(thread);
    const alive = await thread.probe;
    delete thread.probe;
    if (alive) this.#settle(thread, id, { kind: "timeout" });
    else await this.#end(thread, { kind: "timeout" });
  }

  /**
   * Terminates the worker thread. The call that was running fails. Other calls that may be retried run again in a new
   * thread, so that one recipient's guard does not cost another recipient its message.
   */
  async #end(thread: GuardThread, result: CallResult, retry = true): Promise<void> {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    thread.finishLoading(undefined);
    this.#stopWatching(thread);
    const runningCallId = Atomics.load(thread.begun, 0);
    const pending = [...thread.pending];
    thread.pending.clear();
    const ended = thread.worker.terminate();
    const now = performance.now();
    for (const [id, call] of pending) {
      clearTimeout(call.timer);
      const mayRetry = retry && isAnotherCall(runningCallId, id);
      if (mayRetry && now < call.retryUntil) this.#dispatch(call);
      else if (mayRetry && call.delivery) call.settle({ kind: "late" });
      else call.settle(call.overrunCallId === undefined ? result : { kind: "timeout" });
    }
    await ended;
  }
}
