import { isWildcard } from "../../protocol/index.js";
import type { EntryOf, Page } from "./journal.js";
import { readName, type NameReading, type Span, type DesiredSpan } from "./spans.js";

/** A message that an application received. */
export type Received = EntryOf<"message">;

/** A page as the checker sees it. */
export interface ReadPage {
  page: Page;
  /** What it received, by channel. */
  messages: ReadonlyMap<string, readonly Received[]>;
  /** What its entries say about each name that it asked for. */
  readings: ReadonlyMap<string, NameReading>;
  listened: readonly EntryOf<"listened">[];
  /** How it was left; absent: it is the last page. */
  left?: EntryOf<"left">;
}

/** Whether a subscription to a name brings the messages of a channel. */
export const covers = (name: string, channel: string): boolean =>
  name === channel || (isWildcard(name) && channel.startsWith(name.slice(0, -1)));

/**
 * Sorts a page's entries.
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
    ...(left && { left }),
  };
};

/** The readings of the names that bring a channel's messages. */
export const coverOf = ({ readings }: ReadPage, channel: string): NameReading[] =>
  [...readings.values()].filter(({ name }) => covers(name, channel));

/** Whether the page wished for a wildcard over a channel, before a moment. */
export const hadWildcard = (read: ReadPage, channel: string, before: number): boolean =>
  coverOf(read, channel).some(
    ({ name, desiredSpans }) => name !== channel && desiredSpans.some(({ from }) => from < before),
  );

/** Whether a time has something in common with a wish. */
export const overlaps = ({ from, to }: DesiredSpan, begin: number, end: number): boolean => from <= end && to >= begin;

/** When a span ended; Infinity: it lasts. */
export const endOf = ({ to }: Span): number => to?.at ?? Infinity;

/** When what a span brings may begin to come: what is recovered comes before the application is told that it is subscribed. */
export const beginOf = ({ since, asked, from }: Span): number => (since ? asked : from.at);

/** The span of a channel's own subscription in which a message was received. */
export const spanAt = (spans: readonly Span[], at: number): Span | undefined =>
  spans.find((span) => at > beginOf(span) && at < endOf(span));
