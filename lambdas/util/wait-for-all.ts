/**
 * Waits until all work has ended, even if some fails: Lambda freezes unawaited work together with the environment.
 * @throws the error of the first failed work, in the order of the list
 */
export const waitForAll = async <T>(work: readonly (T | Promise<T>)[]): Promise<T[]> => {
  const ended = await Promise.allSettled(work);
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
};
