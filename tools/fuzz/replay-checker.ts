import type { HistoryMessage, Json, Position } from "../../protocol/index.js";
import { MAX_FRAME_BYTES } from "./protocol-rules.js";
import { HISTORY_LIMITS } from "./policy.js";
import type { ChannelHistory } from "./history-model.js";

/** What was asked of a history. */
export interface Query {
  since?: Position;
  limit: number;
  reverse: boolean;
}

/** Who asks. */
export interface Reader {
  /** What it gets of a message; `undefined`: nothing. */
  get(uuid: string, data: Json): Json | undefined;
  /** Whether it may get such a message. */
  may(message: HistoryMessage): boolean;
}

type ReplayAnswer = Partial<Record<string, unknown>> & { position: Position; messages?: HistoryMessage[] };

/** Larger data than this may be withheld when it is told again: what a delivery guard has made of it does not fit. */
const ALWAYS_FITS_BYTES = MAX_FRAME_BYTES - 2_048;

/** What had been told of the history before it was asked for: that must be in it. */
const before = (history: ChannelHistory, now: number): number[] =>
  [...history.offsets].filter(([, { tick }]) => tick < now).map(([offset]) => offset);

/** The code with which a position must, and may, be refused. Nothing gets too old while the fuzzer runs. */
const codesOf = (history: ChannelHistory, least: number, { since, reverse }: Query): (string | undefined)[] => {
  if (!since) return [undefined];
  if (since.epoch !== history.epoch || since.offset > history.maxOffset) return ["epoch_changed"];
  const codes: (string | undefined)[] = since.offset > least ? ["epoch_changed"] : [];
  if (!reverse && history.maxOffset - since.offset > HISTORY_LIMITS.size) codes.push("too_far_behind");
  if (reverse || least - since.offset <= HISTORY_LIMITS.size) codes.push(undefined);
  return codes;
};

const isMessage = (value: unknown): value is HistoryMessage =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).sort().join() === "data,offset,uuid" &&
  Number.isSafeInteger((value as HistoryMessage).offset);

/**
 * What is wrong with a replay whose position is possible; `undefined`: nothing.
 * @param now in ticks: what was told before must be there
 */
export const checkReplay = (
  history: ChannelHistory,
  query: Query,
  told: ReplayAnswer,
  reader: Reader,
  now: number,
): string | undefined => {
  const { since, limit, reverse } = query;
  const { position, code, more, pendingMs, recovered, messages = [] } = told;
  const known = before(history, now);
  const least = Math.max(0, ...known);
  if (!codesOf(history, least, query).includes(code as string | undefined)) return `the code ${String(code)}`;
  const tells = since !== undefined && (!reverse || code !== undefined);
  if (recovered !== (tells ? code === undefined : undefined)) return "recovered that is not right";
  if (more !== undefined && more !== true) return "more that is not true";
  if (pendingMs !== undefined && !(typeof pendingMs === "number" && pendingMs >= 0 && pendingMs <= 5_000))
    return "an impossible time";
  if (code !== undefined)
    return messages.length > 0 || more || position.offset < least ? "more than that not all can be given" : undefined;

  if (!Array.isArray(messages) || !messages.every(isMessage) || (told.messages && messages.length === 0))
    return "what are no messages";
  if (messages.length > limit) return "more messages than were asked for";
  const offsets = messages.map(({ offset }) => offset);
  const ordered = offsets.every(
    (offset, at) => at === 0 || (reverse ? offset < offsets[at - 1]! : offset > offsets[at - 1]!),
  );
  if (!ordered) return "messages in another order";
  const [from, to] = reverse
    ? [position.offset, since ? since.offset - 1 : Infinity]
    : [(since?.offset ?? 0) + 1, position.offset];
  if (offsets.some((offset) => offset < from || offset > to || offset <= least - HISTORY_LIMITS.size))
    return "messages that were not asked for, or are not kept";
  if (!messages.every((message) => reader.may(message))) return "a message that nobody published so";

  // Where all is said, what is known must be within what is said; else what is known there must have been said.
  if (!more && pendingMs === undefined && !reverse && position.offset < least) return "less than there is";
  if (more && !reverse && position.offset >= history.maxOffset) return "that there is more, which there is not";
  if (reverse && (history.lastPublishedTick >= now || pendingMs !== undefined)) return undefined;
  const there = new Set(offsets);
  const lowest = Math.max(reverse && !more ? 1 : from, history.maxOffset - HISTORY_LIMITS.size + 1, 1);
  const missing = known.find((offset) => {
    if (offset < lowest || offset > to || there.has(offset)) return false;
    const { uuid, data } = history.offsets.get(offset)!;
    const its = reader.get(uuid, JSON.parse(data) as Json);
    return its !== undefined && Buffer.byteLength(JSON.stringify(its)) < ALWAYS_FITS_BYTES;
  });
  return missing === undefined ? undefined : `no message at offset ${missing}`;
};
