import type { Replay } from "../../protocol/index.js";
import type { Manifest } from "../../protocol/guard-manifest.js";
import type { Log } from "../ports.js";
import type { Decision, FromWorker, GuardCall, ToWorker, WorkerSetup } from "./messages.js";
import type { CallResult, GuardRunner } from "./runner.js";
import { type ErrorReport, errorReport, loadErrorReport } from "./error-report.js";

/** The host's view of a worker thread; `Worker` of `node:worker_threads` implements it. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  on(event: "message", listener: (message: FromWorker) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code?: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** Reads a history for a guard, with any query. Rejects with the error for the guard. */
export type ReadHistory = (query: unknown) => Promise<Replay>;

/** How long a blocked thread may take to answer a probe, in milliseconds, before it is terminated. */
const PROBE_MS = 100;

/**
 * How long callers wait for a module to be loaded, in milliseconds and all together, before its thread is terminated
 * and the next one tries. This is the time that Lambda gives a function for its initialisation. A shorter time would
 * never load a module that takes longer than its guards may.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const LOAD_MS = 10_000;

/** How often the memory of running guards is checked, in milliseconds. */
const MEMORY_CHECK_MS = 50;

interface Pending {
  call: string;
  /** Whether it is a delivery, which must not cost another recipient its message. */
  delivery: boolean;
  timeoutMs: number;
  /** Until when it may be run again, on the clock of `performance.now()`. */
  retryUntil: number;
  timer: NodeJS.Timeout;
  /** When its time ends, on the clock of `performance.now()`. */
  deadline: number;
  /** After its time has ended: the id of the call whose code was running then, 0 if there was none. */
  overIn?: number | undefined;
  begun?: (() => void) | undefined;
  settle(result: CallResult): void;
}

/** One worker thread's life. */
interface Session {
  worker: WorkerLike;
  begun: Int32Array;
  pending: Map<number, Pending>;
  loaded: Promise<Manifest | undefined>;
  finishLoading(manifest: Manifest | undefined): void;
  /**
   * Number of callers that wait for it to load, since when, and the time that earlier callers waited, in milliseconds.
   */
  waiting: { callers: number; since: number; before: number };
  watch?: NodeJS.Timeout | undefined;
  probe?: Promise<boolean>;
  alive?: () => void;
}

/** Whether a thread has not started a call yet: it has run only the guard module itself, without any client data. */
const isLoading = ({ begun }: Session): boolean => Atomics.load(begun, 0) === 0;

/** The report of a thread's fatal error. */
const tracedIn = (session: Session, error: unknown): Partial<ErrorReport> & Pick<ErrorReport, "detail"> =>
  isLoading(session) ? loadErrorReport(error) : errorReport(error);

/** The log's detail of a thread that exited. */
const exitDetail = (session: Session, code: number | undefined): string =>
  isLoading(session)
    ? `the guard module's thread exited with code ${String(code)} before its first call: does the module call process.exit, or await a promise that never settles?`
    : "the guard ended its thread";

/**
 * Whether another call has caused the failure. If no call had started, loading the module has caused it, and the next
 * thread would fail too.
 */
const isAnother = (blamed: number, id: number): boolean => blamed !== 0 && blamed !== id;

/**
 * Runs guards in a worker thread that can be blocked, exit or exhaust its memory, while the main thread still answers
 * in time. A waiting thread is kept; a blocked or dead thread is replaced.
 */
export class GuardHost implements GuardRunner {
  #session: Session | undefined;
  #lastId = 0;
  readonly #spawn: (setup: Pick<WorkerSetup, "begun">) => WorkerLike;
  readonly #log: Log;
  readonly #exhausted: () => boolean;
  readonly #read: ReadHistory;

  /**
   * Starts the first worker at once, so that a cold start loads the guards in parallel.
   * @param exhausted whether the process has used so much memory that the guards must be terminated before it is
   * killed: a worker's own limit bounds its heap, not its buffers
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
    const session = this.#current();
    const { waiting } = session;
    if ((waiting.callers += 1) === 1) waiting.since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(resolve, timeoutMs, "timeout")));
    const manifest = await Promise.race([session.loaded, late]);
    clearTimeout(timer);
    if ((waiting.callers -= 1) === 0) waiting.before += performance.now() - waiting.since;
    if (manifest !== "timeout" || waiting.before < LOAD_MS || this.#session !== session) return manifest;
    this.#notLoaded(
      `the guard module was not loaded after ${LOAD_MS / 1000} seconds: does it loop, or await a promise that never settles?`,
    );
    await this.#end(session, { kind: "timeout" });
    return undefined;
  }

  /**
   * Runs one guard. Never rejects, and takes little longer than `timeoutMs`.
   * @param withinMs more than `timeoutMs`: if another call costs the thread, this call is run again, with its full
   * time, as long as that ends within this time
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
    const session = this.#session;
    if (session) await this.#end(session, { kind: "failed", detail: "closed" }, false);
  }

  #current(): Session {
    return (this.#session ??= this.#start());
  }

  #start(): Session {
    const shared = new SharedArrayBuffer(4);
    let finishLoading: Session["finishLoading"] = () => undefined;
    const loaded = new Promise<Manifest | undefined>((resolve) => (finishLoading = resolve));
    const worker = this.#spawn({ begun: shared });
    const session: Session = {
      worker,
      begun: new Int32Array(shared),
      pending: new Map(),
      loaded,
      finishLoading,
      waiting: { callers: 0, since: 0, before: 0 },
    };
    worker.on("message", (message) => this.#onMessage(session, message));
    worker.on("error", (error) => this.#died(session, tracedIn(session, error)));
    worker.on("exit", (code) => this.#died(session, { detail: exitDetail(session, code) }));
    return session;
  }

  /**
   * Handles the end of a thread. Before its first call, its module is the cause: the next thread would fail too, so it
   * is logged.
   */
  #died(session: Session, trace: Partial<ErrorReport> & Pick<ErrorReport, "detail">): void {
    if (this.#session !== session) return;
    if (isLoading(session)) this.#notLoaded(trace.detail);
    void this.#end(session, { kind: "failed", ...trace });
  }

  #notLoaded(detail: string): void {
    this.#log.error("guards_not_loaded", { detail });
  }

  #dispatch(call: Omit<Pending, "timer" | "deadline" | "overIn">): void {
    const session = this.#current();
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => void this.#expire(session, id), call.timeoutMs);
    session.pending.set(id, { ...call, timer, deadline: performance.now() + call.timeoutMs, overIn: undefined });
    session.watch ??= setInterval(() => this.#checkMemory(session), MEMORY_CHECK_MS);
    session.worker.postMessage({ kind: "call", id, call: call.call });
  }

  #onMessage(session: Session, message: FromWorker): void {
    switch (message.kind) {
      case "loaded":
        return session.finishLoading(message.manifest);
      case "not loaded":
        this.#notLoaded(message.detail);
        return void this.#end(session, { kind: "failed", detail: message.detail }, false);
      case "begun":
        return session.pending.get(message.id)?.begun?.();
      case "decided":
        return this.#complete(session, message.id, () => ({
          kind: "decided",
          decision: JSON.parse(message.decision) as Decision,
        }));
      case "failed":
        return this.#complete(session, message.id, () => ({
          kind: "failed",
          detail: message.detail,
          said: message.said,
        }));
      case "ignored":
        return this.#log.warn("guard_verdict_ignored", { ...message.about, verdict: message.verdict });
      case "read":
        return void this.#readFor(session, message.id, JSON.parse(message.query));
      case "alive":
        return session.alive?.();
    }
  }

  async #readFor({ worker }: Session, id: number, query: unknown): Promise<void> {
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
  #complete(session: Session, id: number, result: () => CallResult): void {
    const pending = session.pending.get(id);
    if (!pending) return;
    if (pending.overIn === undefined && performance.now() < pending.deadline)
      return this.#settle(session, id, result());
    const overIn = (pending.overIn ??= Atomics.load(session.begun, 0));
    // Another recipient's guard blocked the thread until this call's timeout, so retry this call.
    if (!pending.delivery || !isAnother(overIn, id)) return;
    this.#forget(session, id, pending);
    if (performance.now() < pending.retryUntil) this.#dispatch(pending);
    else pending.settle({ kind: "late" });
  }

  #settle(session: Session, id: number, result: CallResult): void {
    const pending = session.pending.get(id);
    if (!pending) return;
    this.#forget(session, id, pending);
    pending.settle(result);
  }

  #forget(session: Session, id: number, { timer }: Pending): void {
    session.pending.delete(id);
    if (session.pending.size === 0) this.#stopWatching(session);
    clearTimeout(timer);
  }

  #checkMemory(session: Session): void {
    if (this.#exhausted()) void this.#end(session, { kind: "failed", detail: "the guards used too much memory" });
  }

  #stopWatching(session: Session): void {
    clearInterval(session.watch);
    session.watch = undefined;
  }

  /**
   * Handles a call's timeout. It checks whether the thread is blocked before the call gets its result, because nothing
   * runs after that.
   */
  async #expire(session: Session, id: number): Promise<void> {
    const pending = session.pending.get(id);
    if (pending) pending.overIn ??= Atomics.load(session.begun, 0);
    session.probe ??= this.#probe(session);
    const alive = await session.probe;
    delete session.probe;
    if (alive) this.#settle(session, id, { kind: "timeout" });
    else await this.#end(session, { kind: "timeout" });
  }

  #probe(session: Session): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PROBE_MS, false);
      session.alive = () => {
        clearTimeout(timer);
        resolve(true);
      };
      session.worker.postMessage({ kind: "probe" });
    });
  }

  /**
   * Terminates the worker thread. The call that was running fails; other calls that may be retried run again in a new
   * thread, so that one recipient's guard does not cost another recipient its message.
   */
  async #end(session: Session, result: CallResult, retry = true): Promise<void> {
    if (this.#session !== session) return;
    this.#session = undefined;
    session.finishLoading(undefined);
    this.#stopWatching(session);
    const blamed = Atomics.load(session.begun, 0);
    const pending = [...session.pending];
    session.pending.clear();
    const ended = session.worker.terminate();
    const now = performance.now();
    for (const [id, call] of pending) {
      clearTimeout(call.timer);
      const innocent = retry && isAnother(blamed, id);
      if (innocent && now < call.retryUntil) this.#dispatch(call);
      else if (innocent && call.delivery) call.settle({ kind: "late" });
      else call.settle(call.overIn === undefined ? result : { kind: "timeout" });
    }
    await ended;
  }
}
