/**
 * The exceptions in microtasks while `run` runs. A browser passes them to `window.onerror`, and Node to
 * `uncaughtException`, which jest would treat as its own.
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
