import { CONCURRENCY } from "./limits.js";

/** How many batches a mapping may process at a time: more and more while there are messages. */
export class Concurrency {
  #busySince: number | undefined;

  /**
   * @param most never more
   * @param now epoch milliseconds
   */
  constructor(
    private readonly most: number,
    private readonly now: () => number,
  ) {}

  /** As many as there may be now. */
  get limit(): number {
    const busyMs = this.#busySince === undefined ? 0 : this.now() - this.#busySince;
    return Math.min(this.most, CONCURRENCY.initial + Math.floor((busyMs / 60_000) * CONCURRENCY.perMinute));
  }

  /** The queue had messages. */
  busy(): void {
    this.#busySince ??= this.now();
  }

  /** The queue had no messages: the growth starts again. */
  idle(): void {
    this.#busySince = undefined;
  }
}
