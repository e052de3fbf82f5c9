/** The timers of the stores. Tests replace them. */
export const clock = {
  /**
   * Calls `callback` once, after `milliseconds`.
   * @returns a function that cancels the call
   */
  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
