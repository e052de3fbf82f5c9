/** Timers with a longer delay fire at once, as in every runtime. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The time of a fake: its own, or the runtime's. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls `run` once, after `milliseconds`. Returns a function that cancels the call. */
  after(milliseconds: number, run: () => void): () => void;
  /**
   * Moves the time on, timer by timer.
   * @param settle awaited before each timer and at the end, so that everything that a timer caused is done
   */
  advance(milliseconds: number, settle: () => Promise<void>): Promise<void>;
  /** When the next of some events is due: moves the time on to it, or waits until it happens. */
  reach(at: number): Promise<void>;
  /** Cancels all timers. */
  clear(): void;
}

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** A time that stands still until `advance`. It begins at the runtime's time. */
export class VirtualClock implements Clock {
  #now = Date.now();
  #order = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const delay = milliseconds >= 0 && milliseconds <= MAX_DELAY_MS ? milliseconds : 0;
    const timer = { at: this.#now + delay, order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  async advance(milliseconds: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let timer; (timer = this.#next(end)); await settle()) this.#fire(timer);
    this.#now = end;
  }

  reach(at: number): Promise<void> {
    for (let timer; (timer = this.#next(at));) this.#fire(timer);
    this.#now = Math.max(this.#now, at);
    return Promise.resolve();
  }

  clear(): void {
    this.#timers.clear();
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.run();
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= end && (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)))
        next = timer;
    return next;
  }
}

/** The runtime's time, or that of a test runner which has replaced `Date` and `setTimeout`. */
export class RuntimeClock implements Clock {
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  now(): number {
    return Date.now();
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      clearTimeout(timer);
    };
  }

  advance(): Promise<void> {
    return Promise.reject(
      new Error(
        'FakePushIt.advance: with the option clock: "real", timers run by themselves. Leave that option out, or advance the timers of your test runner.',
      ),
    );
  }

  reach(at: number): Promise<void> {
    return new Promise((resolve) => void this.after(at - this.now(), resolve));
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
