import { setMaxListeners } from "node:events";
import type { Clock } from "../../../core/clock.js";
import type { InvokeResult } from "../../../core/invoker.js";
import type { LogEntry } from "../../../core/log.js";
import type { MappingModel } from "../../../assembly/model/queues.js";
import { meterDeletes, meteredPolls, type QueueRequestMeter } from "../metering.js";
import type { ServedQueue } from "../queue/queues.js";
import { Concurrency } from "./concurrency.js";
import type { SqsRecord } from "./event.js";
import { failedItems } from "./failures.js";
import { toEvents, receiveBatch } from "./batch.js";
import { CONCURRENCY } from "./limits.js";

/** Options of a poller. */
export interface PollerOptions {
  mapping: MappingModel;
  served: Pick<ServedQueue, "model" | "queue" | "polls">;
  /** Runs the function; never rejects. */
  invoke: (event: { Records: SqsRecord[] }) => Promise<InvokeResult>;
  clock: Clock;
  /** Maximum concurrent batches, in addition to the mapping's own limit. */
  maxBatches: number;
  /** How much of each wait is waited; see {@link QueueOptions.scale}. */
  scale: number;
  log: (level: LogEntry["level"], message: string) => void;
  /** Counts the requests that Lambda would make to the queue. @default requests are not metered */
  meter?: QueueRequestMeter | undefined;
}

/** How long to wait before a throttled batch is retried, in milliseconds. A guess: AWS does not document it. */
const THROTTLED_WAIT_MS = 1000;

/** Reads a queue for a function: several batches at a time, each until it has succeeded or its messages are visible again. */
export class Poller {
  readonly #closed = new AbortController();
  readonly #concurrency: Concurrency;
  readonly #loops = new Set<Promise<void>>();
  #abandoned = false;

  constructor(private readonly options: PollerOptions) {
    const { mapping, maxBatches, clock } = options;
    // Each receipt that waits listens, and a busy queue has more of them than Node's warning of a leak expects.
    setMaxListeners(0, this.#closed.signal);
    this.#concurrency = new Concurrency(Math.min(mapping.maxConcurrency ?? CONCURRENCY.max, maxBatches), () =>
      clock.now(),
    );
    this.#grow();
  }

  /** Stops receiving. The promise resolves when the current batches are completed. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#loops);
  }

  /** Stops receiving. Batches that are cut off now do not count as failed. */
  abandon(): void {
    this.#abandoned = true;
    this.#closed.abort();
  }

  /** As many loops as there may be. */
  #grow(): void {
    while (!this.#closed.signal.aborted && this.#loops.size < this.#concurrency.limit) {
      const loop: Promise<void> = this.#loop().finally(() => this.#loops.delete(loop));
      this.#loops.add(loop);
    }
  }

  async #loop(): Promise<void> {
    const { mapping, served, clock, scale, meter } = this.options;
    const { signal } = this.#closed;
    const polls = meteredPolls(served.polls, meter);
    while (!signal.aborted) {
      const windowMs = mapping.windowSeconds * 1000 * scale;
      const receivedAt = clock.now();
      const deliveries = await receiveBatch({ polls, clock, batchSize: mapping.batchSize, windowMs, signal });
      if (deliveries.length === 0) {
        this.#concurrency.idle();
        if (this.#loops.size > this.#concurrency.limit) return;
        continue;
      }
      this.#concurrency.busy();
      this.#grow();
      const until = receivedAt + served.model.visibilitySeconds * 1000 * scale;
      for (const records of toEvents(deliveries, served.model.arn)) await this.#process(records, until);
    }
  }

  async #process(records: SqsRecord[], until: number): Promise<void> {
    const { mapping, served, log, meter } = this.options;
    const result = await this.#invoke(records, until);
    if (this.#abandoned && !result.ok) return;
    const failed = this.#failed(result, records);
    for (const { messageId, receiptHandle } of records) if (!failed.has(messageId)) served.queue.delete(receiptHandle);
    meterDeletes(meter, records.length - failed.size);
    if (failed.size === 0) return;
    const why = result.ok ? "as it says" : result.error ? `${result.kind}, ${result.error.errorType}` : result.kind;
    const of = `${failed.size} of ${records.length} messages of ${served.model.logicalId}`;
    log("warn", `${mapping.functionId} has failed ${of}, which stay in the queue: ${why}`);
  }

  /** Retries a throttled function until the messages become visible again. */
  async #invoke(records: SqsRecord[], until: number): Promise<InvokeResult> {
    const { invoke, clock, scale } = this.options;
    for (;;) {
      const result = await invoke({ Records: records });
      const waitMs = THROTTLED_WAIT_MS * scale;
      const isThrottled = !result.ok && result.kind === "throttled";
      if (!isThrottled || clock.now() + waitMs >= until || this.#closed.signal.aborted) return result;
      await new Promise<void>((resolve) => clock.after(waitMs, resolve));
    }
  }

  #failed(result: InvokeResult, records: SqsRecord[]): Set<string> {
    const ids = new Set(records.map(({ messageId }) => messageId));
    if (!result.ok) return ids;
    if (!this.options.mapping.reportsFailures) return new Set();
    const failed = failedItems(result.payload, ids);
    return failed === "all" ? ids : failed;
  }
}
