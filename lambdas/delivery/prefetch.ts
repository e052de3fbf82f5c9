/**
 * The values of a source, each requested while the consumer works on the one before. So reading the next page overlaps
 * with posting to the last. It reads one value ahead, and no more.
 */
export async function* prefetch<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const next = iterator.next();
    // A failure is thrown at its turn; until then no code awaits it.
    next.catch(() => undefined);
    return next;
  };
  try {
    for (let next = ask(); ;) {
      const result = await next;
      if (result.done) return;
      next = ask();
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
