/** What has been started, to be ended in the opposite order. */
export class CleanupStack {
  readonly #closers: (() => unknown)[] = [];

  /** Has something ended later on. */
  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Ends everything, once; what fails to end does not keep the rest from it. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
