/**
 * What is thrown in microtasks while `run` does: what a browser gives to `window.onerror`, and Node to
 * `uncaughtException` (which jest would take for its own).
 */
export const uncaught = async (run: () => Promise<void>): Promise<unknown[]> => {
  const errors: unknown[] = [];
  const original = globalThis.queueMicrotask;
  globalThis.queueMicrotask = (callback) =>
    original(() => {
      try {
        callback();
      } catch (error) {
        errors.push(error);
      }
    });
  try {
    await run();
  } finally {
    globalThis.queueMicrotask = original;
  }
  return errors;
};
