/** Time, as the queue needs it. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /**
   * Runs something later.
   * @returns cancels it
   */
  after(ms: number, run: () => void): () => void;
}

/** The system's clock. Its timers do not keep the process running. */
export const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
