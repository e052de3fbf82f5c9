import { HISTORY_MARGIN_SECONDS } from "../../protocol/deployment.js";
import type { GapCode, Position } from "../../protocol/index.js";
import type { HistorySettings } from "../../protocol/channel-settings.js";
import { type StreamHead, type Histories, newEpoch, PENDING_MS, type HistoryRow } from "./history.js";
import type { Clock } from "../ports.js";

/** The ports that reading a history uses. */
export interface ReplayDependencies {
  histories: Pick<Histories, "reserveOffsets" | "heads" | "put" | "row" | "rows">;
  clock: Pick<Clock, "now" | "random">;
}

/** One channel's history, for reading. */
export interface ReplayedChannel {
  channel: string;
  head: StreamHead;
  keep: HistorySettings;
}

/** A row with a message. */
export type MessageRow = HistoryRow & { message: NonNullable<HistoryRow["message"]> };

/** A part of a history. */
export interface Page {
  /** The reader's position after `messages`. */
  position: Position;
  messages: readonly MessageRow[];
  /** There are more messages after `position`. */
  more: boolean;
  /** There are older messages before `messages`. Only in a page of the newest messages. */
  older?: boolean;
  /** The next offset is undecided yet, for this many milliseconds. */
  pendingMs?: number;
  /** Why the requested part is not available. */
  code?: GapCode;
}

/** Rows without gaps. */
interface GaplessRows {
  rows: readonly HistoryRow[];
  pendingMs?: number;
}

/** How many rows the first search for the newest message reads; each further one reads ten times as many. */
const LAST_ROWS = 10;

/** The heads of channels. A channel without one gets one, so that its first subscribers have a position. */
export const headsOf = async (
  { histories, clock }: ReplayDependencies,
  channels: ReadonlyMap<string, HistorySettings>,
  known: ReadonlyMap<string, StreamHead> | Promise<ReadonlyMap<string, StreamHead>> = histories.heads([
    ...channels.keys(),
  ]),
): Promise<Map<string, StreamHead>> => {
  const found = await known;
  const heads = [...channels].map(async ([channel, keep]): Promise<[string, StreamHead]> => [
    channel,
    found.get(channel) ?? (await histories.reserveOffsets(channel, 0, newEpoch(clock), keep)),
  ]);
  return new Map(await Promise.all(heads));
};

/**
 * The newest position: all publications that start from now on come after it. Messages that are being stored at this
 * moment, unacknowledged, may come before it.
 */
export const newest = ({ epoch, offset }: StreamHead): Position => ({ epoch, offset });

/** The messages after a position, oldest first; or why some of them are not available any more. */
export const replayFrom = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
  since: Position,
  limit: number,
): Promise<Page> => {
  const { head, keep } = channel;
  const lost = (code: GapCode): Page => ({ position: newest(head), messages: [], more: false, code });
  const { epoch, offset } = since;
  if (epoch !== head.epoch || offset > head.offset) return lost("epoch_changed");
  if (head.offset - offset > keep.size) return lost("too_far_behind");
  if (offset === head.offset) return { position: newest(head), messages: [], more: false };

  const to = Math.min(head.offset, offset + limit);
  const { rows, whole } = await system.histories.rows(channel.channel, epoch, Math.max(1, offset), to, limit + 1);
  // Rows after an unexpired row have not expired: a missing row after it was never stored.
  const before = offset === 0 ? head.begun : rows.find((row) => row.offset === offset)?.at;
  const next = rows.find((row) => row.offset === offset + 1)?.at;
  if (![before, next].some((at) => at !== undefined && isKept(system, keep, at))) return lost("position_expired");
  const end = whole ? to : (rows.at(-1)?.offset ?? offset);
  return pageOf(head, offset, await withoutGaps(system, channel, rows, offset + 1, end));
};

/** The oldest messages that the history keeps. */
export const oldest = async (system: ReplayDependencies, channel: ReplayedChannel, limit: number): Promise<Page> => {
  const { head, keep } = channel;
  const first = Math.max(1, head.offset - keep.size + 1);
  const read = (from: number) => system.histories.rows(channel.channel, head.epoch, from, head.offset, limit);
  let page = first <= head.offset ? await read(first) : undefined;
  if (page?.rows[0] && !isFresh(system, keep, page.rows[0].at)) {
    const from = await firstFresh(system, channel, page.rows[0].offset + 1);
    page = from === undefined ? undefined : await read(from);
  }
  const begin = page?.rows[0]?.offset;
  if (page && begin !== undefined) {
    const end = page.whole ? Math.min(head.offset, begin + limit - 1) : page.rows.at(-1)!.offset;
    return pageOf(head, begin - 1, await withoutGaps(system, channel, page.rows, begin, end));
  }
  // A young history has no expired messages: missing rows are still to come.
  if (!isFresh(system, keep, head.begun)) return { position: newest(head), messages: [], more: false };
  return pageOf(head, 0, await withoutGaps(system, channel, [], 1, Math.min(head.offset, limit)));
};

/**
 * The first row that is not too old. Rows stay in the table for hours longer than readers get them, and later rows are
 * younger. So a binary search finds it, one row at a time.
 */
const firstFresh = async (
  system: ReplayDependencies,
  { channel, head, keep }: ReplayedChannel,
  first: number,
): Promise<number | undefined> => {
  let [low, high] = [first, head.offset + 1];
  let found: number | undefined;
  for (let probe = first; low < high; probe = Math.floor((low + high) / 2)) {
    const {
      rows: [row],
    } = await system.histories.rows(channel, head.epoch, probe, high - 1, 1);
    if (row && !isFresh(system, keep, row.at)) low = row.offset + 1;
    else {
      found = row?.offset ?? found;
      high = probe;
    }
  }
  return found;
};

/**
 * The newest stored message, regardless of gaps before it; and the position before all undecided and future messages.
 */
export const newestMessage = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
): Promise<{ message?: MessageRow; position: Position }> => {
  const { head, keep } = channel;
  const first = Math.max(1, head.offset - keep.size + 1);
  const rows: HistoryRow[] = [];
  for (let to = head.offset, count = LAST_ROWS; to >= first && isFresh(system, keep, head.at); count *= 10) {
    const from = Math.max(first, to - count + 1);
    rows.unshift(...(await rowsBetween(system, channel, from, to)));
    const message = rows
      .filter(isMessage)
      .filter(({ at }) => isFresh(system, keep, at))
      .at(-1);
    if (message) {
      let { offset } = message;
      for (const row of rows) if (row.offset === offset + 1) offset += 1;
      return { message, position: { epoch: head.epoch, offset } };
    }
    to = from - 1;
  }
  return { position: newest(head) };
};

/**
 * The newest messages, or the messages before a position, newest first. `position` is the position for the next
 * request.
 */
export const replayBefore = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
  since: Position | undefined,
  limit: number,
): Promise<Page> => {
  const { head } = channel;
  const here = since ?? newest(head);
  if (here.epoch !== head.epoch || here.offset > head.offset) {
    return { position: newest(head), messages: [], more: false, code: "epoch_changed" };
  }
  const before = await rowsBefore(system, channel, since ? since.offset - 1 : head.offset, limit);
  if (!before) return { position: here, messages: [], more: false };
  const { begin, hasOlder, rows, pendingMs } = before;
  const messages = rows.filter(isMessage).reverse();
  return {
    position: { epoch: head.epoch, offset: messages.at(-1)?.offset ?? begin },
    messages,
    more: hasOlder,
    ...(pendingMs !== undefined && { pendingMs }),
  };
};

/**
 * The newest messages, oldest first. `position` is the position after them: all that is stored later follows. `older`
 * says whether the history keeps messages before them.
 */
export const replayLast = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
  limit: number,
): Promise<Page> => {
  const { head } = channel;
  const before = await rowsBefore(system, channel, head.offset, limit);
  if (!before) return { position: newest(head), messages: [], more: false, older: false };
  const { begin, hasOlder, ...found } = before;
  return { ...pageOf(head, begin - 1, found), older: hasOlder };
};

/**
 * The rows up to an offset, oldest first, without gaps: at most `limit` offsets. `undefined` if none of them is kept.
 */
const rowsBefore = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
  to: number,
  limit: number,
): Promise<(GaplessRows & { begin: number; hasOlder: boolean }) | undefined> => {
  const { head, keep } = channel;
  const first = Math.max(1, head.offset - keep.size + 1);
  const from = Math.max(first, to - limit + 1);
  if (to < from) return undefined;
  const read = await rowsBetween(system, channel, from, to);
  const kept = read.filter((row) => isFresh(system, keep, row.at));
  const begin = isFresh(system, keep, head.begun) ? from : kept[0]?.offset;
  if (begin === undefined) return undefined;
  // If the first row of the range is missing or too old, there are no rows before it.
  return { ...(await withoutGaps(system, channel, kept, begin, to)), begin, hasOlder: begin === from && begin > first };
};

/** All rows of a range. */
const rowsBetween = async (
  { histories }: ReplayDependencies,
  { channel, head }: ReplayedChannel,
  from: number,
  to: number,
): Promise<HistoryRow[]> => {
  const all: HistoryRow[] = [];
  for (let next = from; next <= to;) {
    const { rows, whole } = await histories.rows(channel, head.epoch, next, to, to - next + 1);
    all.push(...rows);
    if (whole || rows.length === 0) break;
    next = rows.at(-1)!.offset + 1;
  }
  return all;
};

const isMessage = (row: HistoryRow): row is MessageRow => row.message !== undefined;

/** Whether all rows reserved after `at` are certainly still stored. */
const isKept = ({ clock }: ReplayDependencies, { seconds }: HistorySettings, at: number): boolean =>
  at + (seconds + HISTORY_MARGIN_SECONDS / 2) * 1000 > clock.now();

/** Whether a row reserved at `at` is young enough for the channel's readers. */
const isFresh = ({ clock }: ReplayDependencies, { seconds }: HistorySettings, at: number): boolean =>
  at + seconds * 1000 > clock.now();

const pageOf = ({ epoch, offset: last }: StreamHead, before: number, { rows, pendingMs }: GaplessRows): Page => {
  const offset = rows.at(-1)?.offset ?? before;
  const messages = rows.filter(isMessage);
  return {
    position: { epoch, offset },
    messages,
    more: pendingMs === undefined && offset < last,
    ...(pendingMs === undefined ? {} : { pendingMs }),
  };
};

/**
 * Rows without gaps. Missing rows up to `to` are sealed if they were reserved long enough ago; otherwise the result
 * ends before the first of them. So no reader sees an order that changes later, and no reader waits for ever.
 * @param rows the read rows, in order; none has expired
 */
const withoutGaps = async (
  system: ReplayDependencies,
  channel: ReplayedChannel,
  rows: readonly HistoryRow[],
  from: number,
  to: number,
): Promise<GaplessRows> => {
  const { clock } = system;
  const found = new Map(rows.map((row) => [row.offset, row]));
  const gapless: Promise<HistoryRow | undefined>[] = [];
  for (let offset = from; offset <= to; offset += 1) {
    const row = found.get(offset);
    // An offset is reserved before all later ones.
    const by = Math.min(
      channel.head.at,
      ...(row ? [] : rows.filter((each) => each.offset > offset).map(({ at }) => at)),
    );
    const pendingMs = by + PENDING_MS - clock.now();
    if (!row && pendingMs > 0) return { rows: await presentRows(gapless), pendingMs };
    gapless.push(row ? Promise.resolve(row) : seal(system, channel, { offset, at: by }));
  }
  return { rows: await presentRows(gapless) };
};

const presentRows = async (rows: readonly Promise<HistoryRow | undefined>[]): Promise<HistoryRow[]> =>
  (await Promise.all(rows)).filter((row) => row !== undefined);

/** Seals an offset; or finds the message that was written there meanwhile. */
const seal = async (
  { histories }: ReplayDependencies,
  { channel, head, keep }: ReplayedChannel,
  row: HistoryRow,
): Promise<HistoryRow | undefined> =>
  (await histories.put(channel, head.epoch, row, keep)) ? row : histories.row(channel, head.epoch, row.offset);
