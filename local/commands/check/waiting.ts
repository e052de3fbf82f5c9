/** Something that a deployed Push-It should have sent, and did not. */
export class Missing extends Error {
  override name = "Missing";
}

/** Lets others wait for what events bring about. */
export class Waiting {
  readonly #looks = new Set<() => void>();

  /**
   * @param patienceMs longest wait
   * @param over why nothing can come any more; `undefined`: it can
   */
  constructor(
    private readonly patienceMs: number,
    private readonly over: () => string | undefined = () => undefined,
  ) {}

  /** Something happened: whoever waits looks again. */
  notify(): void {
    for (const look of [...this.#looks]) look();
  }

  /**
   * Resolves with what `find` finds, now or after a later event.
   * @throws Missing if it does not come in time, or cannot come any more; what `find` throws
   */
  until<T>(find: () => T | undefined | false, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        settle();
      };
      const missing = (why: string): void => end(() => reject(new Missing(`${what} did not come${why}`)));
      const timer = setTimeout(() => missing(` within ${this.patienceMs / 1000} s`), this.patienceMs);
      const look = (): void => {
        try {
          const found = find();
          const over = this.over();
          if (found !== undefined && found !== false) end(() => resolve(found));
          else if (over !== undefined) missing(`: ${over}`);
        } catch (error) {
          end(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      };
      this.#looks.add(look);
      look();
    });
  }
}
