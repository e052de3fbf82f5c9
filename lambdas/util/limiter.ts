/** Work that waits for its turn. */
interface Waiting {
  begin(): void;
}

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
  let waiting: (Waiting | undefined)[] = [];
  let first = 0;
  let running = 0;
  /** Places go straight to whoever waits longest, so that nobody can slip in between. */
  const pass = (): void => {
    while (first < waiting.length && running < most()) {
      const next = waiting[first];
      waiting[first] = undefined;
      first += 1;
      running += 1;
      next?.begin();
    }
    if (first === waiting.length) [waiting, first] = [[], 0];
  };
  const ended = (): void => {
    running -= 1;
    pass();
  };
  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ begin: () => void run(work).then(resolve, reject).finally(ended) });
      pass();
    });
};

/** Work that throws before it returns a promise has failed like any other. */
const run = async <T>(work: () => Promise<T>): Promise<T> => work();
