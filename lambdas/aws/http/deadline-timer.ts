/** Something that is over at a point in time unless it is taken back. */
interface Waiting {
  /** On the clock of `performance.now()`. */
  at: number;
  expire(): void;
  /** Where it is in the list; -1: nowhere any more. */
  place: number;
}

/**
 * Many deadlines on one timer, which is set for the earliest of them: a timer of its own for each request costs more than
 * the waiting. No timer is left behind when nothing is waited for.
 *
 * They are in a list, whose gaps the last one fills. A set would be simpler, and keep what was in it: each time V8 makes
 * a new table for a set, the old one points to it, and thousands of requests stay in memory that are long over.
 * @example
 * const deadlines = new Deadlines();
 * const done = deadlines.in(3_000, () => request.destroy());
 * request.on("close", done);
 */
export class DeadlineTimer {
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for; it may have been taken back since, and then the timer looks for the next. */
  #next = Infinity;

  /**
   * Runs `expire` in so many milliseconds, once.
   * @returns takes it back
   */
  in(milliseconds: number, expire: () => void): () => void {
    const waiting = { at: performance.now() + milliseconds, expire, place: this.#waiting.length };
    this.#waiting.push(waiting);
    if (waiting.at < this.#next) this.#set(waiting.at);
    return () => {
      if (this.#remove(waiting) && this.#waiting.length === 0) this.#set(Infinity);
    };
  }

  /** @returns whether it was still there */
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
