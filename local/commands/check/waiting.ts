/** Something that a deployed Push-It should have sent, and did not. */
export class Missing extends Error {
  override name = "Missing";
}

/** Waits for conditions that events bring about. */
export class Waiting {
  readonly #looks = new Set<() => void>();

  /**
   * @param timeoutMs longest wait
   * @param over returns why the condition cannot occur any more; `undefined` if it can
   */
  constructor(
    private readonly timeoutMs: number,
    private readonly over: () => string | undefined = () => undefined,
  ) {}

  /** An event occurred: all waits check their condition again. */
  notify(): void {
    for (const look of [...this.#looks]) look();
  }

  /**
   * Resolves with the result of `find`, now or after a later event.
   * @throws Missing if it is not found in time, or cannot be found any more; any error of `find`
   */
  until<T>(find: () => T | undefined | false, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#looks.delete(look);
        settle();
      };
      const missing = (why: string): void => end(() => reject(new Missing(`${what} did not come${why}`)));
      const timer = setTimeout(() => missing(` within ${this.timeoutMs / 1000} s`), this.timeoutMs);
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
