/** Work that waits for a slot. */
interface QueuedWork {
  start(): void;
}

/** Runs work when there is a slot for it. */
export type Limited = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs at most `limit` pieces of work at a time; the others wait in order.
 * @param limit a number, or a function that returns the current limit: if it sinks, work waits until enough has ended
 * @example
 * const limited = limiter(64);
 * await Promise.all(recipients.map((recipient) => limited(() => post(recipient))));
 */
export const limiter = (limit: number | (() => number)): Limited => {
  const max = typeof limit === "number" ? () => limit : limit;
  /** Work before `first` has started: removing the first of thousands would move all others. */
  let queue: (QueuedWork | undefined)[] = [];
  let first = 0;
  let running = 0;
  /** Gives slots to the work that has waited longest. */
  const startNext = (): void => {
    while (first < queue.length && running < max()) {
      const next = queue[first];
      queue[first] = undefined;
      first += 1;
      running += 1;
      next?.start();
    }
    if (first === queue.length) [queue, first] = [[], 0];
  };
  const ended = (): void => {
    running -= 1;
    startNext();
  };
  return (work) =>
    new Promise((resolve, reject) => {
      queue.push({ start: () => void run(work).then(resolve, reject).finally(ended) });
      startNext();
    });
};

/** Work that throws before it returns a promise fails like any other. */
const run = async <T>(work: () => Promise<T>): Promise<T> => work();
