import { isWildcard } from "../../protocol/index.js";
import type { EntryOf, Page } from "./journal.js";
import { readName, type NameReading, type Span, type DesiredSpan } from "./spans.js";

/** A received message. */
export type Received = EntryOf<"message">;

/** A page with its entries sorted for the checker. */
export interface ReadPage {
  page: Page;
  /** The received messages by channel. */
  messages: ReadonlyMap<string, readonly Received[]>;
  /** The subscription state of each requested name. */
  readings: ReadonlyMap<string, NameReading>;
  listened: readonly EntryOf<"listened">[];
  listenedLast: readonly EntryOf<"listenedLast">[];
  /** How the application left it; absent: it is the last page. */
  left?: EntryOf<"left">;
}

/** Whether a subscription to a name delivers the messages of a channel. */
export const covers = (name: string, channel: string): boolean =>
  name === channel || (isWildcard(name) && channel.startsWith(name.slice(0, -1)));

/**
 * Sorts the entries of a page.
 * @param recovers whether a name is a channel with history
 */
export const readPage = (page: Page, recovers: (name: string) => boolean): ReadPage => {
  const messages = new Map<string, Received[]>();
  const marks = page.entries.filter((entry) => {
    if (entry.is !== "message") return true;
    const others = messages.get(entry.channel);
    if (others) others.push(entry);
    else messages.set(entry.channel, [entry]);
    return false;
  });
  const names = new Set(marks.flatMap((entry) => (entry.is === "subscribe" ? [entry.name] : [])));
  const readings = new Map([...names].map((name) => [name, readName(name, marks, recovers(name), page.since[name])]));
  const left = marks.find((entry) => entry.is === "left");
  return {
    page,
    messages,
    readings,
    listened: marks.filter((entry) => entry.is === "listened"),
    listenedLast: marks.filter((entry) => entry.is === "listenedLast"),
    ...(left && { left }),
  };
};

/**
 * Sorts the entries of a page as if no channel had history: its ephemeral messages are not recovered. After a rotation,
 * any channel may have missed some.
 */
export const readPageAsPlain = (page: Page): ReadPage => {
  const names = [...new Set(page.entries.flatMap((entry) => (entry.is === "subscribe" ? [entry.name] : [])))];
  const entries = page.entries.map((entry) => (entry.is === "rotated" ? { ...entry, names } : entry));
  return readPage({ ...page, entries, since: {} }, () => false);
};

/** The readings of the names that deliver a channel's messages. */
export const coverOf = ({ readings }: ReadPage, channel: string): NameReading[] =>
  [...readings.values()].filter(({ name }) => covers(name, channel));

/** Whether the page requested a wildcard over the channel before a time. */
export const hadWildcard = (read: ReadPage, channel: string, before: number): boolean =>
  coverOf(read, channel).some(
    ({ name, desiredSpans }) => name !== channel && desiredSpans.some(({ from }) => from < before),
  );

/** Whether a time range overlaps a requested span. */
export const overlaps = ({ from, to }: DesiredSpan, begin: number, end: number): boolean => from <= end && to >= begin;

/** The end of a span; Infinity: it lasts. */
export const endOf = ({ to }: Span): number => to?.at ?? Infinity;

/** When the first messages of a span may arrive. Recovered messages arrive before the event `subscribed`. */
export const beginOf = ({ since, asked, from }: Span): number => (since ? asked : from.at);

/** The span of the channel's own subscription in which a message arrived. */
export const spanAt = (spans: readonly Span[], at: number): Span | undefined =>
  spans.find((span) => at > beginOf(span) && at < endOf(span));
