import type { Clock } from "../../../core/clock.js";
import type { InvokeResult } from "../../../core/invoker.js";
import {
  type AttemptOutcome,
  type DiscardCondition,
  type EventHistory,
  NEW_EVENT,
  nextStep,
  type RetrySettings,
} from "./policy.js";

/** An event of an asynchronous invocation. */
export interface QueuedEvent {
  functionId: string;
  event: unknown;
  /** The same in each attempt. */
  requestId: string;
}

/** An event that is done with. */
export interface FinishedEvent extends QueuedEvent {
  condition: "Success" | DiscardCondition;
  /** How often the function ran. */
  attempts: number;
  /** Of the last attempt. */
  result: InvokeResult;
}

/** An event that is not done with. */
export interface PendingEvent extends QueuedEvent {
  /** How often the function has been asked. */
  attempts: number;
  /** How long until the next attempt, in milliseconds; absent: one is under way. */
  dueInMs?: number;
}

/** Options of the queue. */
export interface AsyncQueueOptions {
  /** Makes one attempt; never rejects. */
  invoke: (event: QueuedEvent) => Promise<InvokeResult>;
  /** How a function's events are treated, at the moment. */
  settings: (functionId: string) => RetrySettings;
  /** Called for each event that is complete. */
  finished: (event: FinishedEvent) => void;
  /** Called for each failed attempt that is retried. */
  retrying: (event: QueuedEvent, result: InvokeResult, afterMs: number) => void;
  clock: Clock;
  /**
   * How much of each wait is waited: 1 is as in AWS, 0.001 a thousandth. Events age as if they had waited in full.
   */
  scale: number;
}

interface Entry extends QueuedEvent {
  receivedAt: number;
  attempts: number;
  history: EventHistory;
  /** Of the wait that is going on; absent: an attempt is. */
  wait?: { until: number; cancel: () => void };
}

/** The events of asynchronous invocations, from when they are accepted until they are done with. In no order. */
export class AsyncQueue {
  readonly #entries = new Set<Entry>();
  #closed = false;

  constructor(private readonly options: AsyncQueueOptions) {}

  /** Adds an event. Its first attempt starts at once. */
  add({ functionId, event, requestId }: QueuedEvent): void {
    const receivedAt = this.options.clock.now();
    const entry: Entry = { functionId, event, requestId, receivedAt, attempts: 0, history: NEW_EVENT };
    this.#entries.add(entry);
    void this.#attempt(entry);
  }

  /**
   * Stops all attempts, and ignores the results of current ones.
   * @returns the pending events, which are lost
   */
  close(): PendingEvent[] {
    this.#closed = true;
    const now = this.options.clock.now();
    const pending = [...this.#entries].map(({ functionId, event, requestId, attempts, wait }) => {
      wait?.cancel();
      return { functionId, event, requestId, attempts, ...(wait && { dueInMs: Math.max(0, wait.until - now) }) };
    });
    this.#entries.clear();
    return pending;
  }

  async #attempt(entry: Entry): Promise<void> {
    delete entry.wait;
    entry.attempts += 1;
    const result = await this.options.invoke(entry);
    if (this.#closed) return;
    const { clock, settings, finished } = this.options;
    const age = clock.now() - entry.receivedAt;
    const step = nextStep(outcomeOf(result), entry.history, settings(entry.functionId), age);
    if (step.do === "retry") return this.#retry(entry, result, step);
    this.#entries.delete(entry);
    const { functionId, event, requestId, history } = entry;
    const condition = step.do === "finish" ? "Success" : step.condition;
    const attempts = history.errors + (outcomeOf(result) === "throttled" ? 0 : 1);
    finished({ functionId, event, requestId, condition, attempts, result });
  }

  #retry(entry: Entry, result: InvokeResult, { afterMs, history }: { afterMs: number; history: EventHistory }): void {
    const { clock, scale, retrying } = this.options;
    const waitMs = afterMs * scale;
    entry.history = history;
    entry.receivedAt -= afterMs - waitMs;
    const cancel = clock.after(waitMs, () => void this.#attempt(entry));
    entry.wait = { until: clock.now() + waitMs, cancel };
    retrying(entry, result, waitMs);
  }
}

const outcomeOf = (result: InvokeResult): AttemptOutcome => {
  if (result.ok) return "success";
  return result.kind === "throttled" ? "throttled" : "error";
};
