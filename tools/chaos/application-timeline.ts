import type { Entry, Journal, Page } from "./journal.js";
import { covers } from "./read-page.js";

/** Number of lines before and after the publication. */
const LINES_BEFORE = 30;
const LINES_AFTER = 40;

/** The subject of a timeline. */
export interface Subject {
  /** An application's name. */
  who: string;
  channel: string;
  /** A message, whose publication is in the middle of the timeline. Without one, the timeline is the last part. */
  uuid?: string | undefined;
}

const describeCalls = (page: Page): Map<number, string> =>
  new Map(
    page.entries.flatMap((entry) =>
      entry.is === "subscribe" || entry.is === "unsubscribe" || entry.is === "setState"
        ? [[entry.call, `${entry.is} ${entry.name}`]]
        : [],
    ),
  );

const textOf = (entry: Entry, calls: ReadonlyMap<number, string>): string => {
  const { at: _at, ms: _ms, is, ...rest } = entry;
  if (entry.is === "message") return `receives ${entry.uuid} on ${entry.channel} (${entry.offset ?? "plain"})`;
  if (entry.is === "fulfilled" || entry.is === "rejected")
    return `${is}: ${calls.get(entry.call) ?? ""} ${JSON.stringify(rest)}`;
  return `${is} ${JSON.stringify(rest)}`;
};

const concerns = (entry: Entry, channel: string, calls: ReadonlyMap<number, string>): boolean => {
  if ("channel" in entry) return entry.channel === channel;
  if (entry.is === "fulfilled" || entry.is === "rejected")
    return covers(calls.get(entry.call)?.split(" ")[1] ?? "", channel);
  return !("name" in entry) || covers(entry.name, channel);
};

/** The actions and events of one application on a channel, around a publication. */
export const applicationTimeline = (
  journal: Pick<Journal, "applications" | "publications" | "postsTo">,
  subject: Subject,
): string[] => {
  const { applications, publications } = journal;
  const { who, channel, uuid } = subject;
  const begun = uuid === undefined ? undefined : publications.get(uuid)?.begun;
  const lines = applications
    .filter((each) => each.who.name === who)
    .flatMap(({ pages }) => pages)
    .flatMap((page) => {
      const calls = describeCalls(page);
      return page.entries
        .filter((entry) => concerns(entry, channel, calls))
        .map((entry) => ({ at: entry.at, ms: entry.ms, text: `page ${page.number} ${textOf(entry, calls)}` }));
    });
  if (begun && uuid !== undefined) {
    lines.push({ ...begun, text: `(${uuid} is published)` });
    for (const { ms, was } of journal.postsTo(who, channel, uuid))
      lines.push({ at: lines.find((each) => each.ms > ms)?.at ?? Infinity, ms, text: `(${uuid} is posted: ${was})` });
  }
  lines.sort((a, b) => a.ms - b.ms || a.at - b.at || 0);
  const middle = begun ? lines.findIndex(({ ms }) => ms >= begun.ms) : lines.length - LINES_AFTER;
  return lines
    .slice(Math.max(0, middle - LINES_BEFORE), Math.max(0, middle) + LINES_AFTER)
    .map(({ at, ms, text }) => `${(ms / 1000).toFixed(3).padStart(9)} ${String(at).padStart(7)}  ${text}`);
};
