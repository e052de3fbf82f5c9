import type { Subscriber } from "../ports.js";

/** Pages of subscribers in the order of connection ids, as far as they have been read. */
export interface SubscriberStream {
  pages: AsyncIterator<readonly Subscriber[]>;
  page: readonly Subscriber[];
  at: number;
}

/** A stream of which nothing has been read. */
export const streamOf = (pages: AsyncIterable<readonly Subscriber[]>): SubscriberStream => ({
  pages: pages[Symbol.asyncIterator](),
  page: [],
  at: 0,
});

/** Reads a stream's next page that is not empty; `false` at its end. */
const advance = async (stream: SubscriberStream): Promise<boolean> => {
  do {
    const next = await stream.pages.next();
    if (next.done) return false;
    stream.page = next.value;
    stream.at = 0;
  } while (stream.page.length === 0);
  return true;
};

/** The streams that are not at their end, after each stream at the end of its page has read the next page. */
export const advanced = async <S extends SubscriberStream>(streams: readonly S[]): Promise<S[]> => {
  const goOn = await Promise.all(streams.map(async (stream) => stream.at < stream.page.length || advance(stream)));
  return streams.filter((_, at) => goOn[at]);
};

/** Closes streams that are not read to their end. */
export const ended = async (streams: readonly SubscriberStream[]): Promise<void> => {
  for (const { pages } of streams) await pages.return?.();
};

const headOf = ({ page, at }: SubscriberStream): Subscriber => page[at]!;

/**
 * Takes from streams in the order of connection ids, until one of them has come to the end of its page.
 * @param live all of them have something
 * @param take called once for each subscriber, with the streams that contain it
 */
export const takeInOrder = <S extends SubscriberStream>(
  live: readonly S[],
  take: (subscriber: Subscriber, found: readonly S[]) => void,
): void => {
  const least = (): string =>
    live.reduce(
      (id, stream) => (headOf(stream).connectionId < id ? headOf(stream).connectionId : id),
      headOf(live[0]!).connectionId,
    );
  do {
    const id = least();
    const found = live.length === 1 ? live : live.filter((stream) => headOf(stream).connectionId === id);
    const heads = found.map(headOf);
    // Rows of an agent that is being renewed end at different times: the latest is right.
    take(heads.find(({ expired }) => !expired) ?? heads[0]!, found);
    for (const stream of found) stream.at += 1;
  } while (live.every(({ page, at }) => at < page.length));
};

/** Merges the pages of several sources, all in the order of connection ids. A subscriber of several sources comes once. */
export async function* mergePages(
  sources: readonly AsyncIterable<readonly Subscriber[]>[],
): AsyncGenerator<readonly Subscriber[]> {
  const streams = sources.map(streamOf);
  try {
    for (let live = await advanced(streams); live.length > 0; live = await advanced(live)) {
      const page: Subscriber[] = [];
      takeInOrder(live, (subscriber) => page.push(subscriber));
      yield page;
    }
  } finally {
    await ended(streams);
  }
}
