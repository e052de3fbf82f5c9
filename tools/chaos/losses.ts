import { isWildcard } from "../../protocol/index.js";
import type { Journal, Publication } from "./journal.js";
import { beginOf, covers, endOf, hadWildcard, type ReadPage } from "./read-page.js";
import { mayReceive } from "./policy.js";
import type { Span } from "./spans.js";

/** An acknowledged publication on one of its channels, and its place there as far as it is known. */
export interface DueMessage {
  publication: Publication;
  channel: string;
  offset?: number | undefined;
}

/** A message that an application did not receive. */
export interface Loss extends DueMessage {
  /** The subscription that should have brought it, in words. */
  span: string;
}

/**
 * How long before the end of a span a message must have been acknowledged to be due in it, on channels with history, in
 * milliseconds. The SDK may need so long to see that something is missing and to ask for it, twice if a function stands still.
 */
export const RECOVERY_MS = 60_000;

/** How long a frame that the gateway took may be on its way, in milliseconds: the faults delay it by up to 1.5 s. */
export const ARRIVAL_MS = 3_000;

/** How long a client may not know that the server has forgotten it, in milliseconds: until its next ping is answered. */
export const FORGOTTEN_MS = 60_000;

/** What the dues of a page are judged by. */
export interface LossContext {
  journal: Pick<Journal, "postsTo" | "isWaiting" | "denialsOf">;
  /** What the application did not receive of what it may hear, in the order of the publications; by channel. */
  missing: ReadonlyMap<string, readonly DueMessage[]>;
  /** Whether a name is a channel with history. */
  recovers(name: string): boolean;
  /** Whether a channel's messages gather before they are delivered. */
  lingers(channel: string): boolean;
  /** Where a message stands in its channel. */
  offsetOf(channel: string, uuid: string): number | undefined;
  begunAt(uuid: string): number;
}

const describeSpan = (span: Span): string =>
  `${span.name} (from ${span.from.at}${span.to ? ` to ${span.to.at}, ${span.to.why}` : " on"})`;

/** What a page's application has lost. */
export const lossesOf = (read: ReadPage, judging: LossContext): Loss[] =>
  [...read.readings.values()].flatMap(({ name, spans }) =>
    spans.flatMap((span) =>
      judging.recovers(name) ? lostWithHistory(span, read, judging) : lostWithoutHistory(span, read, judging),
    ),
  );

/** On a channel with history: nothing that the subscription covers may be missing. */
const lostWithHistory = (span: Span, read: ReadPage, { missing, offsetOf, begunAt, journal }: LossContext): Loss[] => {
  const { name: channel, from, since, to } = span;
  const due = missing.get(channel) ?? [];
  if (due.length === 0) return [];
  // What a wildcard brought from before the subscription's own first position may come in any order.
  const isOrdered = since !== undefined || !hadWildcard(read, channel, endOf(span));
  const offsets = (read.messages.get(channel) ?? []).flatMap(({ at, uuid }) =>
    at > beginOf(span) && at < endOf(span) && (isOrdered || begunAt(uuid) > from.at)
      ? (offsetOf(channel, uuid) ?? [])
      : [],
  );
  const low = since ? since.offset : Math.min(...offsets);
  const position = to?.why === "left" ? read.left?.positions[channel]?.offset : undefined;
  // The next one must be told as soon as it arrives: nothing is missing before it.
  const next = Math.max(...offsets, position ?? 0, since?.offset ?? 0) + 1;
  return due
    .filter(({ offset, publication: { uuid, begun, told: answer } }) => {
      const isBehind = offset !== undefined && offset > low;
      if (isBehind && offset < next) return true;
      if (begun.at <= from.at && !isBehind) return false;
      if (!to) return true;
      if (to.why !== "released" && to.why !== "left") return false;
      const { lastDisturbed } = span;
      const time = to.ms - RECOVERY_MS;
      if (begun.at < to.at && answer!.ms <= time && lastDisturbed.ms <= time) return true;
      const posts = offset === next ? journal.postsTo(read.page.who.name, channel, uuid) : [];
      return posts.some(({ was, ms }) => was === "clean" && ms > lastDisturbed.ms && ms <= to.ms - ARRIVAL_MS);
    })
    .map((each) => ({ ...each, span: describeSpan(span) }));
};

/** On a plain channel, and by a wildcard: nothing may be missing that was published while the connection stood. */
const lostWithoutHistory = (span: Span, read: ReadPage, judging: LossContext): Loss[] => {
  const { name, from } = span;
  const { missing } = judging;
  const channels = isWildcard(name) ? [...missing.keys()].filter((channel) => covers(name, channel)) : [name];
  return channels.flatMap((channel) =>
    (missing.get(channel) ?? [])
      .filter(({ publication }) => publication.begun.at > from.at && publication.begun.at < endOf(span))
      .filter((due) => !isExcused(due, span, judging, read.page.who.name))
      .map((each) => ({ ...each, span: describeSpan(span) })),
  );
};

/**
 * Whether the protocol permits that a message does not come, if nothing recovers it:
 * - The network said that it has delivered the post, and it has not: nobody can see that on a plain channel.
 * - The span ended before the post had arrived, or while the server was still about it: it may take 5 minutes.
 * - The span ended because the server had been told that the connection is gone, and had forgotten its agent.
 */
const isExcused = (
  { publication, channel }: DueMessage,
  { from, to }: Span,
  { journal, lingers }: LossContext,
  name: string,
): boolean => {
  const { uuid, told: answer } = publication;
  const posts = journal.postsTo(name, channel, uuid);
  const clean = posts.filter(({ was }) => was === "clean");
  if (clean.length === 0 && posts.some(({ was }) => was === "lost")) return true;
  if (!to) return false;
  const time = to.ms - ARRIVAL_MS;
  if (clean.some(({ ms }) => ms <= time)) return false;
  if (clean.length > 0 || lingers(channel) || answer!.ms > time || journal.isWaiting(channel, uuid, time)) return true;
  return journal.denialsOf(name).some((ms) => ms >= from.ms && ms <= to.ms && ms >= to.ms - FORGOTTEN_MS);
};

/** What an application may hear, was not told, and was acknowledged; by channel. */
export const missingOf = (
  pages: readonly ReadPage[],
  acknowledged: ReadonlyMap<string, readonly DueMessage[]>,
): Map<string, readonly DueMessage[]> => {
  const who = pages[0]!.page.who;
  return new Map(
    [...acknowledged].map(([channel, dues]) => {
      const had = new Set(pages.flatMap(({ messages }) => (messages.get(channel) ?? []).map(({ uuid }) => uuid)));
      return [
        channel,
        dues.filter(({ publication: { uuid, data } }) => !had.has(uuid) && mayReceive(channel, data, who)),
      ];
    }),
  );
};
