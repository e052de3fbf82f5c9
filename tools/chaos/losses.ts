import { isWildcard } from "../../protocol/index.js";
import type { Journal, Publication } from "./journal.js";
import { beginOf, covers, endOf, hadWildcard, type ReadPage } from "./read-page.js";
import { mayReceive } from "./policy.js";
import type { Span } from "./spans.js";

/** An acknowledged publication on one of its channels, with its offset if known. */
export interface DueMessage {
  publication: Publication;
  channel: string;
  offset?: number | undefined;
}

/** A message that an application did not receive. */
export interface Loss extends DueMessage {
  /** Description of the subscription that should have delivered it. */
  span: string;
}

/**
 * How long before the end of a span a message must have been acknowledged to be due, on channels with history, in
 * milliseconds. The SDK may need this time to notice a gap and to request the messages, twice if a function stands
 * still.
 */
export const RECOVERY_MS = 60_000;

/** Maximum time from the gateway to the client, in milliseconds. Faults delay a frame by up to 1.5 s. */
export const ARRIVAL_MS = 3_000;

/**
 * How long a client may not notice that the server has removed its agent, in milliseconds: until its next ping is
 * answered.
 */
export const FORGOTTEN_MS = 60_000;

/** Data for finding the losses of a page. */
export interface LossContext {
  journal: Pick<Journal, "postsTo" | "isWaiting" | "denialsOf">;
  /** Messages that the application may receive and did not, by channel and in order of publication. */
  missing: ReadonlyMap<string, readonly DueMessage[]>;
  /** Whether a name is a channel with history. */
  recovers(name: string): boolean;
  /** Whether the channel lingers. */
  lingers(channel: string): boolean;
  /** The offset of a message. */
  offsetOf(channel: string, uuid: string): number | undefined;
  begunAt(uuid: string): number;
}

const describeSpan = (span: Span): string =>
  `${span.name} (from ${span.from.at}${span.to ? ` to ${span.to.at}, ${span.to.why}` : " on"})`;

/** The messages that the application lost on a page. */
export const lossesOf = (read: ReadPage, judging: LossContext): Loss[] =>
  [...read.readings.values()].flatMap(({ name, spans }) =>
    spans.flatMap((span) =>
      judging.recovers(name) ? lostWithHistory(span, read, judging) : lostWithoutHistory(span, read, judging),
    ),
  );

/** On a channel with history, each message that the subscription covers must arrive. */
const lostWithHistory = (span: Span, read: ReadPage, { missing, offsetOf, begunAt, journal }: LossContext): Loss[] => {
  const { name: channel, from, since, to } = span;
  const due = missing.get(channel) ?? [];
  if (due.length === 0) return [];
  // Messages that a wildcard delivered before the subscription's first position may come in any order.
  const isOrdered = since !== undefined || !hadWildcard(read, channel, endOf(span));
  const offsets = (read.messages.get(channel) ?? []).flatMap(({ at, uuid }) =>
    at > beginOf(span) && at < endOf(span) && (isOrdered || begunAt(uuid) > from.at)
      ? (offsetOf(channel, uuid) ?? [])
      : [],
  );
  const low = since ? since.offset : Math.min(...offsets);
  const position = to?.why === "left" ? read.left?.positions[channel]?.offset : undefined;
  // The next message must arrive at once, because no message before it is missing.
  const next = Math.max(...offsets, position ?? 0, since?.offset ?? 0) + 1;
  return due
    .filter(({ offset, publication: { uuid, begun, result: answer } }) => {
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

/** On a plain channel and for a wildcard, each message must arrive that was published while the connection was open. */
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
 * Whether the protocol permits the loss of a message without recovery:
 * - The gateway answered success and dropped the post. A plain channel cannot detect this.
 * - The span ended before the post arrived, or while the server was still delivering, which may take 5 minutes.
 * - The span ended because the server got a 410 for the open connection and removed its agent.
 */
const isExcused = (
  { publication, channel }: DueMessage,
  { from, to }: Span,
  { journal, lingers }: LossContext,
  name: string,
): boolean => {
  const { uuid, result: answer } = publication;
  const posts = journal.postsTo(name, channel, uuid);
  const clean = posts.filter(({ was }) => was === "clean");
  if (clean.length === 0 && posts.some(({ was }) => was === "lost")) return true;
  if (!to) return false;
  const time = to.ms - ARRIVAL_MS;
  if (clean.some(({ ms }) => ms <= time)) return false;
  if (clean.length > 0 || lingers(channel) || answer!.ms > time || journal.isWaiting(channel, uuid, time)) return true;
  return journal.denialsOf(name).some((ms) => ms >= from.ms && ms <= to.ms && ms >= to.ms - FORGOTTEN_MS);
};

/** Acknowledged messages that an application may receive and did not, by channel. */
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
