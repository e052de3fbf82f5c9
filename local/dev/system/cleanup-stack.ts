/** Cleanup functions that run in the reverse order. */
export class CleanupStack {
  readonly #closers: (() => unknown)[] = [];

  /** Has something ended later on. */
  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Runs all cleanup functions once. A failure of one does not stop the others. */
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
