/** A deadline that has not expired and was not cancelled. */
interface Deadline {
  /** On the clock of `performance.now()`. */
  at: number;
  expire(): void;
  /** Its index in the list; -1: it was removed. */
  index: number;
}

/**
 * Many deadlines with one timer, which is set for the earliest of them. A separate timer for each request costs more
 * than the wait itself. No timer is left when there are no deadlines.
 *
 * They are in a list, and the last one moves to the index of a removed one. A set would be simpler, but it would
 * leak: each time V8 makes a new table for a set, the old table points to it. So thousands of finished requests would
 * stay in memory.
 * @example
 * const deadlines = new DeadlineTimer();
 * const cancel = deadlines.in(3_000, () => request.destroy());
 * request.on("close", cancel);
 */
export class DeadlineTimer {
  readonly #deadlines: Deadline[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the timer runs. If that deadline was cancelled, the timer is then set for the next one. */
  #next = Infinity;

  /**
   * Runs `expire` once, after some milliseconds.
   * @returns cancels it
   */
  in(milliseconds: number, expire: () => void): () => void {
    const deadline = { at: performance.now() + milliseconds, expire, index: this.#deadlines.length };
    this.#deadlines.push(deadline);
    if (deadline.at < this.#next) this.#set(deadline.at);
    return () => {
      if (this.#remove(deadline) && this.#deadlines.length === 0) this.#set(Infinity);
    };
  }

  /** @returns whether it was still in the list */
  #remove(deadline: Deadline): boolean {
    if (deadline.index < 0) return false;
    const last = this.#deadlines.pop()!;
    if (last !== deadline) {
      this.#deadlines[deadline.index] = last;
      last.index = deadline.index;
    }
    deadline.index = -1;
    return true;
  }

  #set(at: number): void {
    clearTimeout(this.#timer);
    this.#next = at;
    this.#timer = at === Infinity ? undefined : setTimeout(() => this.#expire(), Math.ceil(at - performance.now()));
  }

  #expire(): void {
    const now = performance.now();
    const expired = this.#deadlines.filter(({ at }) => at <= now);
    for (const deadline of expired) this.#remove(deadline);
    this.#set(Math.min(Infinity, ...this.#deadlines.map(({ at }) => at)));
    for (const { expire } of expired) expire();
  }
}
