/** A deadline that has not expired and was not cancelled. */
interface Waiting {
  /** On the clock of `performance.now()`. */
  at: number;
  expire(): void;
  /** Its index in the list; -1: it was removed. */
  place: number;
}

/**
 * Many deadlines with one timer, which is set for the earliest of them. A separate timer for each request costs more
 * than the wait itself. No timer is left when there are no deadlines.
 *
 * They are in a list, and the last one moves into the place of a removed one. A set would be simpler, but it would
 * leak: each time V8 makes a new table for a set, the old table points to it. So thousands of finished requests would
 * stay in memory.
 * @example
 * const deadlines = new DeadlineTimer();
 * const cancel = deadlines.in(3_000, () => request.destroy());
 * request.on("close", cancel);
 */
export class DeadlineTimer {
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer runs. If that deadline was cancelled, the timer is then set for the next one. */
  #next = Infinity;

  /**
   * Runs `expire` once, after some milliseconds.
   * @returns cancels it
   */
  in(milliseconds: number, expire: () => void): () => void {
    const waiting = { at: performance.now() + milliseconds, expire, place: this.#waiting.length };
    this.#waiting.push(waiting);
    if (waiting.at < this.#next) this.#set(waiting.at);
    return () => {
      if (this.#remove(waiting) && this.#waiting.length === 0) this.#set(Infinity);
    };
  }

  /** @returns whether it was still in the list */
  #remove(waiting: Waiting): boolean {
    if (waiting.place < 0) return false;
    const last = this.#waiting.pop()!;
    if (last !== waiting) {
      this.#waiting[waiting.place] = last;
      last.place = waiting.place;
    }
    waiting.place = -1;
    return true;
  }

  #set(at: number): void {
    clearTimeout(this.#timer);
    this.#next = at;
    this.#timer = at === Infinity ? undefined : setTimeout(() => this.#look(), Math.ceil(at - performance.now()));
  }

  #look(): void {
    const now = performance.now();
    const over = this.#waiting.filter(({ at }) => at <= now);
    for (const waiting of over) this.#remove(waiting);
    this.#set(Math.min(Infinity, ...this.#waiting.map(({ at }) => at)));
    for (const { expire } of over) expire();
  }
}
