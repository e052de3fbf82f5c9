/**
 * Lets at most `limit` pieces of work run at a time; the rest wait in the order they came.
 * @param limit a number, or what it is now: who finds it lower than before waits until enough have ended
 * @example
 * const limited = limiter(64);
 * await Promise.all(recipients.map((recipient) => limited(() => post(recipient))));
 */
export const limiter = (limit: number | (() => number)): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const most = typeof limit === "number" ? () => limit : limit;
  /** Those before `first` have begun: taking away the first of thousands would move all others. */
  let waiting: (() => void)[] = [];
  let first = 0;
  let running = 0;
  /** Slots go straight to whoever waits longest, so that nobody can slip in between. */
  const pass = (): void => {
    while (first < waiting.length && running < most()) {
      running += 1;
      waiting[first]?.();
      first += 1;
    }
    if (first === waiting.length) [waiting, first] = [[], 0];
  };
  return async (work) => {
    if (first < waiting.length || running >= most()) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      pass();
    }
  };
};
