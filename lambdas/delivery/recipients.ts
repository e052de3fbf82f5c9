import type { Message } from "../../protocol/index.js";
import { matchingSubscriptions } from "../subscriptions/channel-rules.js";
import type { Store, Subscriber } from "../ports.js";
import { advanced, ended, type SubscriberStream, streamOf, takeInOrder } from "./merge-streams.js";

/** A message that a guard permitted, on its way to the subscribers. */
export interface Publication {
  message: Message;
  /** The channel whose subscribers receive it, if that is not the message's own channel: the channel of a user. */
  to?: string;
  /** A connection that does not receive it: the publisher's own, if it published with `echo: false`. */
  except?: string;
  /** It is delivered, and nothing of it is kept, although its channel keeps messages. */
  ephemeral?: true;
  /** Its number among its channel's publications, if the channel numbers them. Guards do not see it. */
  offset?: number;
  /** The history that `offset` belongs to, on channels with history. */
  epoch?: string;
  /** Its recipients do not receive it. They receive its position, so that they notice no gap. */
  withheld?: true;
}

/** A subscriber, and the publications that it receives. */
export interface Recipient {
  subscriber: Subscriber;
  /** In the order of publication. Recipients of the same publications share one list. */
  publications: readonly Publication[];
}

/** The subscribers of one channel or wildcard. */
interface Source extends SubscriberStream {
  /** Its index among the streams. */
  index: number;
}

/**
 * Reads the recipients page by page. It reads channels and wildcards concurrently, each in the order of connection ids.
 * So a subscriber of several comes once, and all recipients come in one order.
 * @param wildcards patterns at or below which wildcard subscriptions are enabled
 * @param after the connection id to start behind, if the recipients before it were served already
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

/** The channels and wildcards to read, with the indexes of the publications for their subscribers. */
const sourcesOf = (publications: readonly Publication[], wildcards: readonly string[]): Map<string, Set<number>> => {
  const sources = new Map<string, Set<number>>();
  publications.forEach(({ message, to = message.channel }, index) => {
    for (const channel of matchingSubscriptions(to, wildcards)) {
      sources.set(channel, (sources.get(channel) ?? new Set()).add(index));
    }
  });
  return sources;
};

/** The recipients before one of the streams has to read its next page. */
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

/** A publication for the connection that it excludes: only the position, if the channel has history. */
const withoutExcluded = (publication: Publication): Publication | [] =>
  publication.epoch === undefined ? [] : { ...publication, withheld: true };

/** The publications for a subscriber of some streams. Recipients of the same publications share one list. */
const lists = (publications: readonly Publication[], reached: readonly ReadonlySet<number>[]) => {
  const known = new Map<string, readonly Publication[]>();
  const excluded = new Set(publications.flatMap(({ except }) => except ?? []));
  return (streams: readonly Source[], id: string): readonly Publication[] => {
    const key = streams.map(({ index }) => index).join();
    let list = known.get(key);
    if (!list) {
      list = publications.filter((_, at) => streams.some(({ index }) => reached[index]!.has(at)));
      known.set(key, list);
    }
    return excluded.has(id)
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

/** The uuids of publications, for a line of the log. */
export const uuidsOf = (publications: readonly Pick<Publication, "message">[]): { uuids: string[] } => ({
  uuids: publications.slice(0, UUIDS_IN_LINE).map(({ message }) => message.uuid),
});
