import type { Message } from "../../protocol/index.js";
import { matchingSubscriptions } from "../subscriptions/channel-rules.js";
import type { Store, Subscriber } from "../ports.js";
import { advanced, ended, type SubscriberStream, streamOf, takeInOrder } from "./merge-streams.js";

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

/** The subscribers of one channel or wildcard. */
interface Source extends SubscriberStream {
  /** Its place among the streams. */
  index: number;
}

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
  const streams = [...sources.keys()].map((channel, index): Source => ({
    index,
    ...streamOf(store.subscribers(channel, after)),
  }));
  try {
    for (let live = await advanced(streams); live.length > 0; live = await advanced(live)) {
      const page = merge(live, listOf);
      if (page.length > 0) yield page;
    }
  } finally {
    await ended(streams);
  }
}

/** The channels and wildcards to read, and which of the publications, by index, come to their subscribers. */
const sourcesOf = (publications: readonly Publication[], wildcards: readonly string[]): Map<string, Set<number>> => {
  const sources = new Map<string, Set<number>>();
  publications.forEach(({ message, to = message.channel }, index) => {
    for (const channel of matchingSubscriptions(to, wildcards)) {
      sources.set(channel, (sources.get(channel) ?? new Set()).add(index));
    }
  });
  return sources;
};

/** Those whose turn it is before one of the streams has to read on. */
const merge = (
  live: readonly Source[],
  listOf: (streams: readonly Source[], id: string) => readonly Publication[],
): Recipient[] => {
  const recipients: Recipient[] = [];
  takeInOrder(live, (subscriber, found) => {
    const publications = listOf(found, subscriber.connectionId);
    if (publications.length > 0) recipients.push({ subscriber, publications });
  });
  return recipients;
};

/** What is left of a publication for whom it spares. */
const withoutExcluded = (publication: Publication): Publication | [] =>
  publication.epoch === undefined ? [] : { ...publication, withheld: true };

/** What a subscriber of some of the streams receives; one list for all who receive the same. */
const lists = (publications: readonly Publication[], reached: readonly ReadonlySet<number>[]) => {
  const known = new Map<string, readonly Publication[]>();
  const spared = new Set(publications.flatMap(({ except }) => except ?? []));
  return (streams: readonly Source[], id: string): readonly Publication[] => {
    const key = streams.map(({ index }) => index).join();
    let list = known.get(key);
    if (!list) {
      list = publications.filter((_, at) => streams.some(({ index }) => reached[index]!.has(at)));
      known.set(key, list);
    }
    return spared.has(id)
      ? list.flatMap((publication) => (publication.except === id ? withoutExcluded(publication) : publication))
      : list;
  };
};

/** All subscribers of one channel. */
export const subscribersOf = async (store: Pick<Store, "subscribers">, channel: string): Promise<Subscriber[]> => {
  const all: Subscriber[] = [];
  for await (const page of store.subscribers(channel)) all.push(...page);
  return all;
};

/** How many uuids one line of the log names. */
const UUIDS_IN_LINE = 25;

/** The uuids of publications, as the log says them. */
export const uuidsOf = (publications: readonly Pick<Publication, "message">[]): { uuids: string[] } => ({
  uuids: publications.slice(0, UUIDS_IN_LINE).map(({ message }) => message.uuid),
});
