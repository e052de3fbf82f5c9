import { AdaptiveConcurrency } from "../../../lambdas/delivery/adaptive-concurrency.js";
import { nextAttempt, NEW_CONNECTION_MS } from "../../../lambdas/delivery/retry.js";

/**
 * How long the product waits before it posts again after a 429, in milliseconds: its own decision is asked.
 * @returns `undefined` where its time is over
 */
export const backoffMs = (attempt: number, remainingMs: number, chance: number): number | undefined => {
  const next = nextAttempt("busy", attempt, NEW_CONNECTION_MS, remainingMs, chance);
  return next.step === "retry" ? next.afterMs : undefined;
};

/**
 * A running function that posts: whom it has left to post to, its CPU, and how many posts it has under way, which the
 * product's own concurrency says.
 */
export class PostingFunction {
  readonly concurrency: AdaptiveConcurrency;
  inFlight = 0;
  /** How many it has reached. */
  sent = 0;
  /** How many wait after a refusal. */
  waiting = 0;
  /** How many reads are under way. */
  reading = 0;
  /** Those for whom its time was not enough, and those whom it tried in vain. */
  readonly untried: number[] = [];
  readonly retryable: number[] = [];
  readonly #queue: number[];
  #head = 0;
  /** Those that have waited after a refusal. They come first, as in the product. */
  readonly #requeued: number[] = [];
  #requeuedHead = 0;
  readonly begunAt: number;
  #cpuFreeAt: number;

  /** @param cpuShare the share of a vCPU it has */
  constructor(
    clock: { now(): number },
    readonly publisher: boolean,
    /** Until when its recipients are tried. */
    readonly until: number,
    readonly cpuShare: number,
    recipients: number[] = [],
  ) {
    this.concurrency = new AdaptiveConcurrency(clock);
    this.begunAt = this.#cpuFreeAt = clock.now();
    this.#queue = recipients;
  }

  /** Whether it has nothing to do any more. */
  get idle(): boolean {
    return this.inFlight + this.waiting + this.reading === 0 && this.#isEmpty;
  }

  add(recipient: number): void {
    this.#queue.push(recipient);
  }

  /** A recipient has waited after a refusal. */
  requeue(recipient: number): void {
    this.#requeued.push(recipient);
  }

  /** The next recipient, in the order in which they came; -1 when none is there, or as many posts are under way as may be. */
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
