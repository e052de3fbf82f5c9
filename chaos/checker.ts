import type { Event, Publication, Stored, Subscription } from "./journal.js";
import { isSame, Order } from "./order.js";
import { isPermitted, maySubscribe, mayHear, publishedOn } from "./policy.js";

/** What a run is judged by: nothing of it is the SDK's own bookkeeping. */
export interface History {
  publications: ReadonlyMap<string, Publication>;
  subscriptions: readonly Subscription[];
  /** What the table says; absent: it has not been asked yet. */
  stored?: readonly Stored[];
  /** Rows of agents that are not there any more, in words. */
  staleRows?: readonly string[];
  /** Whether a channel keeps everything that is published in the run, some of it, or nothing. */
  keeps(channel: string): "all" | "some" | "nothing";
}

/** What may be wrong. */
export type Wrong = "lost" | "duplicated" | "reordered" | "leaked" | "staleRows";

/** Something that is wrong. */
export interface Violation {
  wrong: Wrong;
  what: string;
  /** The message that it happened to. */
  uuid?: string;
}

type Received = Event & { is: "message" };

/** A time in which a subscriber was to receive everything. */
interface Stay {
  from: number;
  /** Whether it lasted to the end of the run. */
  lasts: boolean;
  /** It was told that all behind this is to come. */
  behind?: number;
  received: Received[];
}

/**
 * Judges what subscribers received by what publishers were told and what guards permit.
 * @returns what is wrong, in the order of the publications that it is about
 */
export const judge = (history: History): Violation[] => {
  const order = new Order(history.publications.values(), history.stored ?? []);
  const acknowledged = new Map<string, Publication[]>();
  for (const each of history.publications.values()) {
    if (!each.told?.acknowledged) continue;
    for (const channel of publishedOn(each.channel)) {
      const others = acknowledged.get(channel);
      if (others) others.push(each);
      else acknowledged.set(channel, [each]);
    }
  }
  const violations = [
    ...history.subscriptions.flatMap((each) => [...leaks(each, history), ...duplicates(each), ...lossesAndSwaps(each, history, order, acknowledged)]),
    ...storage(history, order),
    ...(history.staleRows ?? []).map((what): Violation => ({ wrong: "staleRows", what })),
  ];
  const begun = ({ uuid = "" }: Violation): number => history.publications.get(uuid)?.begun ?? Infinity;
  return violations.sort((a, b) => begun(a) - begun(b) || 0);
};

const messagesOf = ({ events }: Subscription): Received[] => events.filter((event): event is Received => event.is === "message");

const nameOf = ({ who, channel }: Subscription): string => `${who.name} on ${channel}`;

const leaks = (subscription: Subscription, { publications }: History): Violation[] =>
  messagesOf(subscription).flatMap((message): Violation[] => {
    const why = leak(subscription, message, publications.get(message.uuid));
    return why === undefined ? [] : [{ wrong: "leaked", uuid: message.uuid, what: `${nameOf(subscription)} received ${message.uuid}: ${why}` }];
  });

const leak = ({ who, channel }: Subscription, { uuid, data, at }: Received, publication?: Publication): string | undefined => {
  if (!publication || publication.begun > at) return `nobody has published it`;
  if (!publishedOn(publication.channel).includes(channel)) return `it was published on ${publication.channel}`;
  if (!isSame(publication.data, data)) return `another one was published as ${uuid}`;
  if (!isPermitted(publication.data)) return `no guard permitted it (${publication.data.do})`;
  if (!maySubscribe(channel, who)) return "it may not subscribe there";
  return mayHear(channel, publication.data, who) ? undefined : "its delivery guard withholds it";
};

const duplicates = (subscription: Subscription): Violation[] => {
  const seen = new Set<string>();
  return messagesOf(subscription).flatMap(({ uuid }): Violation[] => {
    if (!seen.has(uuid)) {
      seen.add(uuid);
      return [];
    }
    return [{ wrong: "duplicated", uuid, what: `${nameOf(subscription)} received ${uuid} again` }];
  });
};

/** On channels with history: nothing is missing, and nothing comes behind what it precedes. */
const lossesAndSwaps = (
  subscription: Subscription,
  history: History,
  order: Order,
  acknowledged: ReadonlyMap<string, readonly Publication[]>,
): Violation[] => {
  const kept = history.keeps(subscription.channel);
  if (kept === "nothing") return [];
  const offsetOf = ({ uuid, offset }: Received): number => order.of(subscription.channel, uuid) ?? offset ?? NaN;
  const all = messagesOf(subscription);
  return [
    // Nobody may be told that it cannot have what is kept.
    ...(kept === "all" ? toldToHaveMissed(subscription) : []),
    ...lossesOf(subscription, all, acknowledged.get(subscription.channel) ?? [], order),
    ...swaps(subscription, all, offsetOf),
  ];
};

const toldToHaveMissed = (subscription: Subscription): Violation[] =>
  subscription.events.flatMap((event): Violation[] =>
    event.is === "missed" ? [{ wrong: "lost", what: `${nameOf(subscription)} was told that it cannot have all (${event.code}), though all is kept` }] : [],
  );

const swaps = (subscription: Subscription, all: Received[], offsetOf: (message: Received) => number): Violation[] => {
  const seen = new Set<string>();
  let newest: Received | undefined;
  return all.flatMap((message): Violation[] => {
    if (seen.has(message.uuid)) return [];
    seen.add(message.uuid);
    const before = newest && offsetOf(newest) > offsetOf(message) ? newest : undefined;
    if (!before) newest = message;
    if (!before) return [];
    const what = `${nameOf(subscription)} received ${message.uuid} (${offsetOf(message)}) after ${before.uuid} (${offsetOf(before)})`;
    return [{ wrong: "reordered", uuid: message.uuid, what }];
  });
};

const staysOf = ({ events }: Subscription): Stay[] => {
  const stays: Stay[] = [];
  let open: Stay | undefined;
  const begin = (from: number, behind?: number): void => {
    stays.push((open = { from, lasts: true, received: [], ...(behind !== undefined && { behind }) }));
  };
  const end = (): void => {
    if (open) open.lasts = false;
    open = undefined;
  };
  for (const event of events) {
    if (event.is === "message") open?.received.push(event);
    else if (event.is === "subscribed" && !open) begin(event.at);
    else if (event.is === "missed") {
      end();
      begin(event.at, event.position?.offset);
    } else if (event.is === "unsubscribed") end();
  }
  return stays;
};

const lossesOf = (subscription: Subscription, all: Received[], acknowledged: readonly Publication[], order: Order): Violation[] => {
  const { who, channel } = subscription;
  const had = new Set(all.map(({ uuid }) => uuid));
  const due = acknowledged.filter(({ uuid, data }) => !had.has(uuid) && mayHear(channel, data, who));
  const stays = staysOf(subscription);
  return due.flatMap(({ uuid, begun }): Violation[] => {
    const offset = order.of(channel, uuid);
    const missing = stays.some((stay) => isDue(stay, begun, offset, order, channel));
    return missing ? [{ wrong: "lost", uuid, what: `${nameOf(subscription)} has not received ${uuid} (${offset})` }] : [];
  });
};

/** Whether a message had to come in this time: it was published later than it began, or stands behind what came. */
const isDue = (
  { from, lasts, behind, received }: Stay,
  begun: number,
  offset: number | undefined,
  order: Order,
  channel: string,
): boolean => {
  const offsets = received.flatMap(({ uuid }) => order.of(channel, uuid) ?? []);
  const isBehind = offset !== undefined && offset > Math.min(behind ?? Infinity, ...offsets);
  if (lasts) return begun > from || isBehind;
  return isBehind && offset < Math.max(...offsets);
};

/** What the table must and must not hold of the channels with history. */
const storage = (history: History, order: Order): Violation[] => {
  const { publications, stored } = history;
  const violations: Violation[] = order.contradictions.map(({ uuid, what }) => ({ wrong: "reordered", uuid, what: `${uuid} ${what}` }));
  if (!stored) return violations;
  violations.push(...order.twice.map(({ uuid, offset }): Violation => ({ wrong: "duplicated", uuid, what: `${uuid} is stored again, at ${offset}` })));
  for (const { uuid, channel } of stored) {
    const publication = publications.get(uuid);
    if (publication && publishedOn(publication.channel).includes(channel) && isPermitted(publication.data)) continue;
    violations.push({ wrong: "leaked", uuid, what: `${uuid} is stored on ${channel}, and nobody permitted it there` });
  }
  const held = new Set(stored.map(({ channel, uuid }) => `${channel} ${uuid}`));
  for (const { uuid, channel, told } of publications.values()) {
    if (!told?.acknowledged) continue;
    const missing = publishedOn(channel).filter((each) => history.keeps(each) === "all" && !held.has(`${each} ${uuid}`));
    violations.push(...missing.map((each): Violation => ({ wrong: "lost", uuid, what: `${uuid} was acknowledged, and is not stored on ${each}` })));
  }
  return violations;
};
