import { AdaptiveConcurrency } from "../../../lambdas/delivery/adaptive-concurrency.js";
import { nextAttempt, NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";

/**
 * The product's delay before the next post after a 429, in milliseconds.
 * @returns `undefined` if the recipient's time is over
 */
export const backoffMs = (attempt: number, remainingMs: number, chance: number): number | undefined => {
  const next = nextAttempt("busy", attempt, NEW_CONNECTION_MS, remainingMs, chance);
  return next.step === "retry" ? next.afterMs : undefined;
};

/**
 * A running function that posts: its remaining recipients, its CPU, and its posts in flight, which the product's own
 * concurrency control limits.
 */
export class PostingFunction {
  readonly concurrency: AdaptiveConcurrency;
  inFlight = 0;
  /** Number of reached recipients. */
  sent = 0;
  /** Number of recipients that wait after a refusal. */
  waiting = 0;
  /** Number of running reads. */
  reading = 0;
  /** Recipients that it has not tried, and recipients that it tried without success. */
  readonly untried: number[] = [];
  readonly retryable: number[] = [];
  readonly #queue: number[];
  #head = 0;
  /** Recipients that have waited after a refusal. They come first, as in the product. */
  readonly #requeued: number[] = [];
  #requeuedHead = 0;
  readonly begunAt: number;
  #cpuFreeAt: number;

  /** @param cpuShare the share of a vCPU it has */
  constructor(
    clock: { now(): number },
    readonly publisher: boolean,
    /** Until when recipients are tried. */
    readonly until: number,
    readonly cpuShare: number,
    recipients: number[] = [],
  ) {
    this.concurrency = new AdaptiveConcurrency(clock);
    this.begunAt = this.#cpuFreeAt = clock.now();
    this.#queue = recipients;
  }

  /** Whether it is finished. */
  get idle(): boolean {
    return this.inFlight + this.waiting + this.reading === 0 && this.#isEmpty;
  }

  add(recipient: number): void {
    this.#queue.push(recipient);
  }

  /** Enqueues a recipient that has waited after a refusal. */
  requeue(recipient: number): void {
    this.#requeued.push(recipient);
  }

  /** The next recipient in order; -1 if there is none, or if the maximum number of posts is in flight. */
  next(): number {
    if (this.inFlight >= this.concurrency.limit || this.#isEmpty) return -1;
    return this.#requeuedHead < this.#requeued.length
      ? this.#requeued[this.#requeuedHead++]!
      : this.#queue[this.#head++]!;
  }

  get #isEmpty(): boolean {
    return this.#head === this.#queue.length && this.#requeuedHead === this.#requeued.length;
  }

  /** Uses the CPU as soon as it is free. @returns when that is done, in milliseconds */
  compute(nowMs: number, micros: number): number {
    this.#cpuFreeAt = Math.max(nowMs, this.#cpuFreeAt) + micros / 1_000 / this.cpuShare;
    return this.#cpuFreeAt;
  }
}
