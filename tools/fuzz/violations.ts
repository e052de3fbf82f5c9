/** How far the log may lag behind the sockets on a busy machine, and the polling interval, in milliseconds. */
const LOG_LAG_MS = 2_000;
const POLL_MS = 100;

/** Collects the violations of one episode, and wakes the episode when something happens. */
export class Violations {
  readonly all: string[] = [];
  /** Violations that do not count if the server ran out of time. */
  readonly #excusable = new Set<string>();
  readonly #sleepers = new Set<() => void>();
  #activity = 0;

  /** Adds a violation. @param excusable whether a timeout of the server would explain it */
  add(what: string, excusable = false): void {
    if (excusable) this.#excusable.add(what);
    this.all.push(what);
    this.notify();
  }

  /** Something happened: a frame arrived, a socket closed, or a violation was found. */
  notify(): void {
    this.#activity += 1;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Waits until something happens. @returns whether it did within `ms` milliseconds */
  async waitForActivity(ms: number): Promise<boolean> {
    const before = this.#activity;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
    return this.#activity > before;
  }

  /** The violations that count. @param sawTimeouts whether the server's log reports timeouts in the meantime */
  async result(sawTimeouts: () => boolean): Promise<string[]> {
    if (this.#excusable.size === 0) return this.all;
    const until = Date.now() + LOG_LAG_MS;
    while (!sawTimeouts() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    return sawTimeouts() ? this.all.filter((each) => !this.#excusable.has(each)) : this.all;
  }
}

/** The violation for a service failure that the log does not explain with a timeout. */
export const UNEXPLAINED_FAILURE = "the server answered unavailable, and its log does not say that time was the reason";
