import type { HistoryMessage, Json, Position } from "../../protocol/index.js";
import { MAX_FRAME_BYTES } from "./protocol-rules.js";
import { HISTORY_LIMITS } from "./policy.js";
import type { ChannelHistory } from "./history-model.js";

/** A history query. */
export interface Query {
  since?: Position;
  limit: number;
  reverse: boolean;
}

/** The member that queries. */
export interface Reader {
  /** The data that it gets of a message; `undefined`: nothing. */
  get(uuid: string, data: Json): Json | undefined;
  /** Whether it may get the message. */
  may(message: HistoryMessage): boolean;
}

type ReplayAnswer = Partial<Record<string, unknown>> & { position: Position; messages?: HistoryMessage[] };

/** Data up to this size is never withheld. Larger data may not fit after the delivery guard. */
const ALWAYS_FITS_BYTES = MAX_FRAME_BYTES - 2_048;

/** The offsets that were known before the query: they must be in the answer. */
const before = (history: ChannelHistory, now: number): number[] =>
  [...history.offsets].filter(([, { tick }]) => tick < now).map(([offset]) => offset);

/** The codes that are possible for a position. Positions do not expire during a run. */
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
  ["at,data,offset,uuid", "at,data,from,offset,uuid"].includes(Object.keys(value).sort().join()) &&
  Number.isSafeInteger((value as HistoryMessage).offset);

/**
 * The error in a replay whose position is valid; `undefined`: none.
 * @param now the current tick: messages of earlier ticks must be in the answer
 */
export const checkReplay = (
  history: ChannelHistory,
  query: Query,
  answer: ReplayAnswer,
  reader: Reader,
  now: number,
): string | undefined => {
  const { since, limit, reverse } = query;
  const { position, code, more, pendingMs, recovered, messages = [] } = answer;
  const known = before(history, now);
  const least = Math.max(0, ...known);
  if (!codesOf(history, least, query).includes(code as string | undefined)) return `the code ${String(code)}`;
  const hasOutcome = since !== undefined && (!reverse || code !== undefined);
  if (recovered !== (hasOutcome ? code === undefined : undefined)) return "a wrong value of recovered";
  if (more !== undefined && more !== true) return "a wrong value of more";
  if (pendingMs !== undefined && !(typeof pendingMs === "number" && pendingMs >= 0 && pendingMs <= 5_000))
    return "an impossible time";
  if (code !== undefined)
    return messages.length > 0 || more || position.offset < least
      ? "messages or an old position next to an error code"
      : undefined;

  if (!Array.isArray(messages) || !messages.every(isMessage) || (answer.messages && messages.length === 0))
    return "invalid messages";
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
    return "messages outside of the requested or stored range";
  if (!messages.every((message) => reader.may(message))) return "a message that was not published in this form";

  // A complete answer must contain all known messages. An incomplete one must contain those in its range.
  if (!more && pendingMs === undefined && !reverse && position.offset < least) return "fewer messages than there are";
  if (more && !reverse && position.offset >= history.maxOffset) return "more although there are no more messages";
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
