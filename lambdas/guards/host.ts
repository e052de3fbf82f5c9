import type { Manifest } from "../core/entries.js";
import type { Log } from "../core/ports.js";
import type { Decision, FromWorker, GuardCall, ToWorker, WorkerSetup } from "./messages.js";

/** What the host needs of a worker thread; `node:worker_threads`' `Worker` has it. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  on(event: "message", listener: (message: FromWorker) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "exit", listener: () => void): unknown;
  terminate(): Promise<unknown>;
}

/** What came of one guard call. */
export type CallResult =
  | { kind: "decided"; decision: Decision }
  | { kind: "timeout" }
  | { kind: "failed"; detail: string };

/** How long a worker may take to show that its thread is not blocked, in milliseconds, before it is terminated. */
const PROBE_MS = 100;

interface Pending {
  call: string;
  timeoutMs: number;
  retry: boolean;
  timer: NodeJS.Timeout;
  settle(result: CallResult): void;
}

/** One worker thread's life. */
interface Session {
  worker: WorkerLike;
  begun: Int32Array;
  pending: Map<number, Pending>;
  loaded: Promise<Manifest | undefined>;
  finishLoading(manifest: Manifest | undefined): void;
  probe?: Promise<boolean>;
  alive?: () => void;
}

/**
 * Runs guards in a worker thread that the caller outlives: it can be blocked, exit or exhaust its memory, and the main
 * thread still answers in time. A thread that is merely waiting is kept; one that is blocked or dead is replaced.
 */
export class GuardHost {
  #session: Session | undefined;
  #lastId = 0;
  readonly #spawn: (setup: Pick<WorkerSetup, "begun">) => WorkerLike;
  readonly #log: Log;

  /** Starts the first worker at once, so that a cold start loads the guards while the rest of it goes on. */
  constructor(spawn: (setup: Pick<WorkerSetup, "begun">) => WorkerLike, log: Log) {
    this.#spawn = spawn;
    this.#log = log;
    this.#current();
  }

  /**
   * Which guards the module defines; `undefined` when it could not be loaded, `"timeout"` when it still is not after
   * `timeoutMs`.
   */
  async manifest(timeoutMs: number): Promise<Manifest | "timeout" | undefined> {
    const session = this.#current();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"timeout">((resolve) => (timer = setTimeout(resolve, timeoutMs, "timeout")));
    const manifest = await Promise.race([session.loaded, late]);
    clearTimeout(timer);
    if (manifest === "timeout") await this.#end(session, { kind: "timeout" });
    return manifest;
  }

  /**
   * Runs one guard. Never rejects, and takes little longer than `timeoutMs`.
   * @param retry whether the call is run again, with its full time, when the thread was lost through another call
   */
  run(call: GuardCall, timeoutMs: number, retry = false): Promise<CallResult> {
    return new Promise((settle) => this.#dispatch({ call: JSON.stringify(call), timeoutMs, retry, settle }));
  }

  /** Ends the worker. Calls that are pending fail. */
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
    const session: Session = { worker, begun: new Int32Array(shared), pending: new Map(), loaded, finishLoading };
    worker.on("message", (message) => this.#hear(session, message));
    worker.on("error", (error) => void this.#end(session, { kind: "failed", detail: error.stack ?? error.message }));
    worker.on("exit", () => void this.#end(session, { kind: "failed", detail: "the guard ended its thread" }));
    return session;
  }

  #dispatch(call: Omit<Pending, "timer">): void {
    const session = this.#current();
    const id = (this.#lastId += 1);
    const timer = setTimeout(() => void this.#expire(session, id), call.timeoutMs);
    session.pending.set(id, { ...call, timer });
    session.worker.postMessage({ kind: "call", id, call: call.call });
  }

  #hear(session: Session, message: FromWorker): void {
    switch (message.kind) {
      case "loaded":
        return session.finishLoading(message.manifest);
      case "not loaded":
        this.#log.error("guards_not_loaded", { detail: message.detail });
        return void this.#end(session, { kind: "failed", detail: message.detail }, false);
      case "decided":
        return this.#settle(session, message.id, { kind: "decided", decision: JSON.parse(message.decision) as Decision });
      case "failed":
        return this.#settle(session, message.id, { kind: "failed", detail: message.detail });
      case "ignored":
        return this.#log.warn("guard_verdict_ignored", { verdict: message.verdict });
      case "alive":
        return session.alive?.();
    }
  }

  #settle(session: Session, id: number, result: CallResult): void {
    const pending = session.pending.get(id);
    if (!pending) return;
    session.pending.delete(id);
    clearTimeout(pending.timer);
    pending.settle(result);
  }

  /** A call's time is over. Whether its thread is to blame is found out before it is answered: nothing runs after. */
  async #expire(session: Session, id: number): Promise<void> {
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
   * Buries a thread. The call that was begun last is blamed; calls that may be retried and are not to blame run again
   * in the next thread, so that one recipient's guard costs no other recipient its message.
   */
  async #end(session: Session, result: CallResult, retry = true): Promise<void> {
    if (this.#session !== session) return;
    this.#session = undefined;
    session.finishLoading(undefined);
    const blamed = Atomics.load(session.begun, 0);
    const pending = [...session.pending];
    session.pending.clear();
    const ended = session.worker.terminate();
    for (const [id, call] of pending) {
      clearTimeout(call.timer);
      // A thread that died before it began anything died of loading the module: the next one would, too.
      if (retry && call.retry && blamed !== 0 && id !== blamed) this.#dispatch(call);
      else call.settle(result);
    }
    await ended;
  }
}
