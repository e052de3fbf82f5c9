/**
 * Default of the longest time that a condition may take before the test fails, in milliseconds. It is long for busy
 * machines, and shorter if a grant is missing on purpose (tools/iam/mutate.mjs): then failing is the rule.
 */
const TIMEOUT_MS = process.env["PUSH_IT_TEST_WITHOUT"] ? 40_000 : 90_000;

/** Lets a test wait for a condition that events may bring about, without sleeping. */
export class Waiting {
  readonly #checks = new Set<() => void>();

  /**
   * @param timeoutMs longest that anything may take before the test fails
   * @param sinceLast whether it begins again whenever something happens: for what takes as long as the machine is busy
   */
  constructor(
    private readonly timeoutMs = TIMEOUT_MS,
    private readonly sinceLast = false,
  ) {}

  /** Reports an event: all waiting calls check their condition again. */
  notify(): void {
    for (const check of [...this.#checks]) check();
  }

  /**
   * Resolves with what `find` finds, now or after a later event.
   * @param what for the message of the failure
   */
  until<T>(find: () => T | undefined | false, what: () => string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`never came: ${what()}`));
      }, this.timeoutMs);
      const check = (): void => {
        const found = find();
        if (found === undefined || found === false) return void (this.sinceLast && timer.refresh());
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve(found);
      };
      this.#checks.add(check);
      check();
    });
  }
}
