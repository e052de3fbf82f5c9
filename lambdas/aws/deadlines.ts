/** Something that is over at a point in time unless it is taken back. */
interface Waiting {
  /** On the clock of `performance.now()`. */
  at: number;
  expire(): void;
}

/**
 * Many deadlines on one timer, which is set for the earliest of them: a timer of its own for each request costs more than
 * the waiting. No timer is left behind when nothing is waited for.
 * @example
 * const deadlines = new Deadlines();
 * const done = deadlines.in(3_000, () => request.destroy());
 * request.on("close", done);
 */
export class Deadlines {
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set for; it may have been taken back since, and then the timer looks for the next. */
  #next = Infinity;

  /**
   * Runs `expire` in so many milliseconds, once.
   * @returns takes it back
   */
  in(milliseconds: number, expire: () => void): () => void {
    const waiting = { at: performance.now() + milliseconds, expire };
    this.#waiting.add(waiting);
    if (waiting.at < this.#next) this.#set(waiting.at);
    return () => {
      if (this.#waiting.delete(waiting) && this.#waiting.size === 0) this.#set(Infinity);
    };
  }

  #set(at: number): void {
    clearTimeout(this.#timer);
    this.#next = at;
    this.#timer = at === Infinity ? undefined : setTimeout(() => this.#look(), Math.ceil(at - performance.now()));
  }

  #look(): void {
    const now = performance.now();
    const over = [...this.#waiting].filter(({ at }) => at <= now);
    for (const waiting of over) this.#waiting.delete(waiting);
    this.#set(Math.min(Infinity, ...[...this.#waiting].map(({ at }) => at)));
    for (const { expire } of over) expire();
  }
}
