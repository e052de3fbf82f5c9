/** Work that waits for a slot. */
interface Waiting {
  begin(): void;
}

/**
 * Runs at most `limit` pieces of work at a time; the others wait in order.
 * @param limit a number, or a function that returns the current limit: if it sinks, work waits until enough has ended
 * @example
 * const limited = limiter(64);
 * await Promise.all(recipients.map((recipient) => limited(() => post(recipient))));
 */
export const limiter = (limit: number | (() => number)): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const most = typeof limit === "number" ? () => limit : limit;
  /** Work before `first` has started: removing the first of thousands would move all others. */
  let waiting: (Waiting | undefined)[] = [];
  let first = 0;
  let running = 0;
  /** Gives slots to the work that has waited longest. */
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

/** Work that throws before it returns a promise fails like any other. */
const run = async <T>(work: () => Promise<T>): Promise<T> => work();
