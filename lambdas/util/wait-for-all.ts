/**
 * Waits until all work has ended, also where some fails: what a Lambda leaves unawaited is frozen with it.
 * @throws what the first that failed, in their order, failed with
 */
export const waitForAll = async <T>(work: readonly (T | Promise<T>)[]): Promise<T[]> => {
  const ended = await Promise.allSettled(work);
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
};
