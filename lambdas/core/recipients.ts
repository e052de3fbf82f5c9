import type { Message } from "../../protocol/index.js";
import { audience } from "./channels.js";
import type { Store, Subscriber } from "./ports.js";

/** A message that a guard permitted, on its way to the subscribers. */
export interface Publication {
  message: Message;
  /** The channel whose subscribers get it, where that is not the message's own: a user's. */
  to?: string;
  /** A connection that is spared: the publisher's, which asked not to hear itself. */
  except?: string;
  /** Where it stands among its channel's publications, where those are numbered. Guards do not see it. */
  offset?: number;
  /** Which history `offset` counts in, on channels with history. */
  epoch?: string;
  /** Its recipients do not get it: they are told, where they count, that it is there. */
  withheld?: true;
}

/** Who receives what. */
export interface Recipient {
  subscriber: Subscriber;
  /** In the order of publication; the same list for all who receive the same. */
  publications: readonly Publication[];
}

/** The subscribers of one channel or wildcard, as far as they have been read. */
interface Stream {
  /** Its place among the streams. */
  index: number;
  pages: AsyncIterator<readonly Subscriber[]>;
  page: readonly Subscriber[];
  at: number;
}

/** Reads a stream's next page that is not empty; `false` at its end. */
const advance = async (stream: Stream): Promise<boolean> => {
  do {
    const next = await stream.pages.next();
    if (next.done) return false;
    stream.page = next.value;
    stream.at = 0;
  } while (stream.page.length === 0);
  return true;
};

/** The streams that go on, once those that have come to the end of their page have read the next one. */
const advanced = async (streams: readonly Stream[]): Promise<Stream[]> => {
  const goOn = await Promise.all(streams.map(async (stream) => stream.at < stream.page.length || advance(stream)));
  return streams.filter((_, at) => goOn[at]);
};

/**
 * Reads whose turn it is to receive what, page by page. Channels and wildcards are read side by side, each in the order
 * of connection ids, so that a subscriber of several comes once, and all of them in one order.
 * @param wildcards patterns at or below which wildcard subscriptions are enabled
 * @param after the connection id behind which to begin, where the others have been dealt with
 */
export async function* recipientsOf(
  store: Pick<Store, "subscribers">,
  wildcards: readonly string[],
  publications: readonly Publication[],
  after?: string,
): AsyncGenerator<Recipient[]> {
  const sources = sourcesOf(publications, wildcards);
  const listOf = lists(publications, [...sources.values()]);
  const streams = [...sources.keys()].map((channel, index): Stream => {
    const pages = store.subscribers(channel, after)[Symbol.asyncIterator]();
    return { index, pages, page: [], at: 0 };
  });
  try {
    for (let live = await advanced(streams); live.length > 0; live = await advanced(live)) {
      const page = merge(live, listOf);
      if (page.length > 0) yield page;
    }
  } finally {
    for (const { pages } of streams) await pages.return?.();
  }
}

/** The channels and wildcards to read, and which of the publications, by index, come to their subscribers. */
const sourcesOf = (publications: readonly Publication[], wildcards: readonly string[]): Map<string, Set<number>> => {
  const sources = new Map<string, Set<number>>();
  publications.forEach(({ message, to = message.channel }, index) => {
    for (const channel of audience(to, wildcards)) {
      sources.set(channel, (sources.get(channel) ?? new Set()).add(index));
    }
  });
  return sources;
};

/** Takes from the streams in the order of connection ids, until one of them has come to the end of its page. */
const merge = (live: readonly Stream[], listOf: (streams: readonly Stream[], id: string) => readonly Publication[]): Recipient[] => {
  const recipients: Recipient[] = [];
  const headOf = ({ page, at }: Stream): Subscriber => page[at]!;
  const least = (): string => live.reduce((id, stream) => (headOf(stream).connectionId < id ? headOf(stream).connectionId : id), headOf(live[0]!).connectionId);
  do {
    const id = least();
    const found = live.length === 1 ? live : live.filter((stream) => headOf(stream).connectionId === id);
    const heads = found.map(headOf);
    const publications = listOf(found, id);
    // Rows of an agent that is being renewed end at different times: the latest is right.
    const subscriber = heads.find(({ expired }) => !expired) ?? heads[0]!;
    if (publications.length > 0) recipients.push({ subscriber, publications });
    for (const stream of found) stream.at += 1;
  } while (live.every(({ page, at }) => at < page.length));
  return recipients;
};

/** What is left of a publication for whom it spares. */
const sparing = (publication: Publication): Publication | [] =>
  publication.epoch === undefined ? [] : { ...publication, withheld: true };

/** What a subscriber of some of the streams receives; one list for all who receive the same. */
const lists = (publications: readonly Publication[], reached: readonly ReadonlySet<number>[]) => {
  const known = new Map<string, readonly Publication[]>();
  const spared = new Set(publications.flatMap(({ except }) => except ?? []));
  return (streams: readonly Stream[], id: string): readonly Publication[] => {
    const key = streams.map(({ index }) => index).join();
    let list = known.get(key);
    if (!list) {
      list = publications.filter((_, at) => streams.some(({ index }) => reached[index]!.has(at)));
      known.set(key, list);
    }
    return spared.has(id) ? list.flatMap((publication) => (publication.except === id ? sparing(publication) : publication)) : list;
  };
};

/** All subscribers of one channel. */
export const subscribersOf = async (store: Pick<Store, "subscribers">, channel: string): Promise<Subscriber[]> => {
  const all: Subscriber[] = [];
  for await (const page of store.subscribers(channel)) all.push(...page);
  return all;
};
