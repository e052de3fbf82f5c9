/**
 * Lets at most `limit` pieces of work run at a time; the rest wait in the order they came.
 * @example
 * const limited = limiter(64);
 * await Promise.all(recipients.map((recipient) => limited(() => post(recipient))));
 */
export const limiter = (limit: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // A slot goes straight to whoever waits longest, so that nobody can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
