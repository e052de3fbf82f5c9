/**
 * Works on all items, a few at the same time, and gives the promise of each item. This is for tests that mostly wait:
 * each test awaits the promise of its own item.
 * @param most the number of items that are worked on at the same time
 */
export const atOnce = <T>(most: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void>[] => {
  const waiting: (() => void)[] = [];
  let free = most;
  const turn = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const pass = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return items.map((item) => {
    const done = turn()
      .then(() => work(item))
      .finally(pass);
    // The test that awaits it reports a failure, and may begin after that.
    done.catch(() => undefined);
    return done;
  });
};
