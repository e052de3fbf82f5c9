import type { Manifest } from "../../protocol/guard-manifest.js";
import { type ErrorReport, errorReport, loadErrorReport } from "./error-report.js";
import type { FromWorker, ToWorker } from "./messages.js";
import type { CallResult } from "./runner.js";

/** How long a blocked thread may take to answer a probe, in milliseconds, before it is terminated. */
const PROBE_MS = 100;

/** The host's view of a worker thread; `Worker` of `node:worker_threads` implements it. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  on(event: "message", listener: (message: FromWorker) => void): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  on(event: "exit", listener: (code?: number) => void): unknown;
  terminate(): Promise<unknown>;
}

/** A call that has no result yet. */
export interface Pending {
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
  overrunCallId?: number | undefined;
  begun?: (() => void) | undefined;
  settle(result: CallResult): void;
}

/** One worker thread's life. */
export interface GuardThread {
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
export const isLoading = ({ begun }: GuardThread): boolean => Atomics.load(begun, 0) === 0;

/** The report of a thread's fatal error. */
export const reportOf = (thread: GuardThread, error: unknown): Partial<ErrorReport> & Pick<ErrorReport, "detail"> =>
  isLoading(thread) ? loadErrorReport(error) : errorReport(error);

/** The log's detail of a thread that exited. */
export const exitDetail = (thread: GuardThread, code: number | undefined): string =>
  isLoading(thread)
    ? `the guard module's thread exited with code ${String(code)} before its first call: does the module call process.exit, or await a promise that never settles?`
    : "the guard ended its thread";

/**
 * Whether another call has caused the failure. If no call had started, loading the module has caused it, and the next
 * thread would fail too.
 */
export const isAnotherCall = (runningCallId: number, id: number): boolean =>
  runningCallId !== 0 && runningCallId !== id;

/** Whether a thread answers in time, so that it is not blocked. */
export const probe = (thread: GuardThread): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, PROBE_MS, false);
    thread.alive = () => {
      clearTimeout(timer);
      resolve(true);
    };
    thread.worker.postMessage({ kind: "probe" });
  });
