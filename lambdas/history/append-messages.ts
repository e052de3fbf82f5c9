import type { Code, Message, Position } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { type HistorySettings, channelSettings } from "../../protocol/channel-settings.js";
import {
  ChannelBusy,
  type DedupeRecord,
  type DedupeKey,
  type StreamHead,
  type Histories,
  newEpoch,
  PENDING_MS,
  type HistoryRow,
} from "./history.js";
import type { Clock } from "../ports.js";
import { waitForAll } from "../util/wait-for-all.js";

/** The ports that storing messages uses. */
export interface HistoryDependencies {
  histories: Pick<Histories, "reserveOffsets" | "claim" | "claimed" | "reclaim" | "put" | "row">;
  settings: Pick<Settings, "channels" | "dedupeSeconds">;
  clock: Pick<Clock, "now" | "random">;
}

/** A message to store. Several publications of a frame may have the same message. */
export interface PendingMessage {
  message: Message;
  /** Hash of the channel and data that the publisher sent, regardless of its guard's changes. */
  hash: string;
}

/** Position and content of a stored message. A repeated publication gets the first one's. */
export interface StoredMessage {
  position: Position;
  message: Message;
  /** It was deleted after its first publication: it is not delivered again. */
  isDeleted?: true;
}

/** The result of storing a message. */
export type AppendResult = StoredMessage | Extract<Code, "uuid_reused" | "channel_busy">;

/** How many times a message moves on to another offset before its channel counts as busy. */
const MAX_OFFSET_MOVES = 5;

/**
 * How long after its offset was reserved a message may be stored in parallel with others of its frame, in milliseconds.
 * Readers seal none of these offsets for as long again.
 */
const PARALLEL_MS = PENDING_MS / 2;

/** One channel's history, for one publisher. */
interface Writer {
  system: HistoryDependencies;
  publisher: string;
  /** The publisher's user, if there is one. */
  userId: string | undefined;
  channel: string;
  keep: HistorySettings;
}

/** A reserved offset. */
type ReservedOffset = Pick<DedupeRecord, "epoch" | "offset" | "at">;

/** A message, and the offset that is claimed for it. */
interface ClaimedMessage {
  id: DedupeKey;
  wanted: PendingMessage;
  claim: DedupeRecord;
}

/** The result of claiming an offset. In case of a code, the message is not stored. */
type ClaimResult = ClaimedMessage | "uuid_reused" | "channel_busy";

/**
 * Stores messages of one channel: reserves their offsets, claims each for its publisher's uuid, and writes the message.
 *
 * A message takes three writes, one after the other. A crash after the first write leaves an offset that stays empty. A
 * crash after the second write leaves an offset that a repeated publication finds and fills. Readers wait for it for
 * `PENDING_MS` and then seal it. A writer that is later than that seals the offset itself, moves on to another one, and
 * takes the claim along.
 * @param wanted messages of one channel, in the order of their offsets
 * @param userId the publisher's user, if there is one
 * @returns the result of each, in the same order. After a `channel_busy`, all others are `channel_busy` too, so that
 * repeating them keeps the order.
 */
export const appendMessages = async (
  system: HistoryDependencies,
  publisher: string,
  wanted: readonly PendingMessage[],
  userId?: string,
): Promise<AppendResult[]> => {
  const channel = wanted[0]!.message.channel;
  const writer: Writer = {
    system,
    publisher,
    userId,
    channel,
    keep: channelSettings(system.settings.channels, channel).history!,
  };
  const head = await orBusy(reserve(writer, wanted.length));
  if (head === "channel_busy") return wanted.map(() => "channel_busy");
  const places = wanted.map((_, at) => reservedOffset(head, head.offset - wanted.length + 1 + at));
  const claimed = await waitForAll(wanted.map((one, at) => orBusy(claim(writer, one, places[at]!))));
  // Offsets of failed claims are not used again: the claim may have been stored.
  const unused = places.filter((place, at) => isElsewhere(claimed[at]!, place));
  const claims = untilBusy(claimed);
  const stored =
    unused.length === 0 && system.clock.now() - head.at < PARALLEL_MS
      ? await waitForAll<AppendResult | undefined>(
          claims.map((each) => (typeof each === "object" ? orBusy(storeAt(writer, each)) : each)),
        )
      : [undefined];
  return stored.every((each) => each !== undefined) ? stored : appendInOrder(writer, claims, unused);
};

const untilBusy = (outcomes: readonly ClaimResult[]): ClaimResult[] => {
  const first = outcomes.indexOf("channel_busy");
  return outcomes.map((each, at) => (first >= 0 && at > first ? "channel_busy" : each));
};

const reserve = ({ system, channel, keep }: Writer, count: number): Promise<StreamHead> =>
  system.histories.reserveOffsets(channel, count, newEpoch(system.clock), keep);

const reservedOffset = ({ epoch, offset, at }: StreamHead, taken = offset): ReservedOffset => ({
  epoch,
  offset: taken,
  at,
});

const isElsewhere = (outcome: ClaimResult, { epoch, offset }: ReservedOffset): boolean =>
  typeof outcome === "object"
    ? outcome.claim.offset !== offset || outcome.claim.epoch !== epoch
    : outcome === "uuid_reused";

/** Claims an offset for a message, or finds the offset that it has. */
const claim = async (
  { system: { histories }, channel, publisher }: Writer,
  wanted: PendingMessage,
  place: ReservedOffset,
): Promise<ClaimResult> => {
  const id: DedupeKey = { channel, publisher, uuid: wanted.message.uuid };
  const own: DedupeRecord = { ...place, hash: wanted.hash };
  if (await histories.claim(id, own)) return { id, wanted, claim: own };
  const earlier = await histories.claimed(id);
  // The claim expired just now: a repeated publication claims again.
  if (!earlier) return "channel_busy";
  return earlier.hash === wanted.hash ? { id, wanted, claim: earlier } : "uuid_reused";
};

/**
 * Stores messages one after the other, each after the one before it.
 *
 * This is for repeated publications, if the first attempt stored some messages, crashed, or is still running. If two
 * attempts claim at once, each may win some claims: then an earlier message can have a later offset. A message that is
 * not stored yet is therefore moved: its offset is sealed, and it gets a later one. Whichever attempt sees this does
 * it.
 */
const appendInOrder = async (
  writer: Writer,
  claims: readonly ClaimResult[],
  unused: ReservedOffset[],
): Promise<AppendResult[]> => {
  const results: AppendResult[] = [];
  let last: Position | undefined;
  for (const each of claims) {
    const one = results.includes("channel_busy")
      ? "channel_busy"
      : typeof each === "string"
        ? each
        : await orBusy(storeAfter(writer, each, last, unused));
    if (typeof one === "object" && isAfter(one.position, last)) last = one.position;
    results.push(one);
  }
  await Promise.all(unused.map((place) => seal(writer, place).catch(() => undefined)));
  return results;
};

/** Whether a position comes after the last one. Positions of different epochs have no order. */
const isAfter = ({ epoch, offset }: Position, last: Position | undefined): boolean =>
  last === undefined || epoch !== last.epoch || offset > last.offset;

/**
 * Stores a message at its claimed offset. If that comes before `last`, is too old or is sealed, the message gets a
 * later one.
 */
const storeAfter = async (
  writer: Writer,
  claimed: ClaimedMessage,
  last: Position | undefined,
  unused: ReservedOffset[],
): Promise<AppendResult> => {
  const { histories } = writer.system;
  let { claim } = claimed;
  for (let moves = 0; moves <= MAX_OFFSET_MOVES; moves += 1) {
    const here = { ...claimed, claim };
    // Readers may seal an offset that is so old, or rely on it. So the message is not stored there any more. A message
    // that is there already stays, because readers may have it.
    const isYoung = writer.system.clock.now() - claim.at < PENDING_MS;
    const stored = await (isYoung && isAfter(claim, last) ? storeAt(writer, here) : sealAt(writer, here));
    if (stored) return stored;
    const free = unused.findIndex((place) => isAfter(place, last) && place.epoch === claim.epoch);
    const place = free < 0 ? reservedOffset(await reserve(writer, 1)) : unused[free]!;
    const next = { ...place, hash: claim.hash };
    if (await histories.reclaim(claimed.id, next, claim)) {
      claim = next;
      if (free >= 0) unused.splice(free, 1);
    } else {
      claim = (await histories.claimed(claimed.id)) ?? claim;
      if (free < 0) unused.push(place);
    }
  }
  return "channel_busy";
};

/** Writes a message at its offset, or finds it there; `undefined` if the offset is sealed. */
const storeAt = async (
  { system: { histories }, channel, keep, userId }: Writer,
  {
    claim: { epoch, offset, at },
    wanted: {
      message: { uuid, data, from },
    },
  }: ClaimedMessage,
): Promise<StoredMessage | undefined> => {
  if (
    await histories.put(
      channel,
      epoch,
      { offset, at, message: { uuid, data, ...(from && { from }) }, ...(userId !== undefined && { userId }) },
      keep,
    )
  ) {
    return { position: { epoch, offset }, message: { channel, uuid, data, ...(from && { from }), at } };
  }
  return findMessage(histories, channel, { epoch, offset }, uuid);
};

/** Seals the offset of a message, or finds the message row. */
const sealAt = async (
  writer: Writer,
  { claim, wanted: { message } }: ClaimedMessage,
): Promise<StoredMessage | undefined> =>
  (await seal(writer, claim)) ? undefined : findMessage(writer.system.histories, writer.channel, claim, message.uuid);

const findMessage = async (
  histories: Pick<Histories, "row">,
  channel: string,
  { epoch, offset }: Position,
  uuid: string,
): Promise<StoredMessage | undefined> => {
  const row: HistoryRow | undefined = await histories.row(channel, epoch, offset);
  if (row?.deleted === uuid)
    return { position: { epoch, offset }, message: { channel, uuid, data: null }, isDeleted: true };
  return row?.message?.uuid === uuid
    ? { position: { epoch, offset }, message: { channel, ...row.message, at: row.at } }
    : undefined;
};

/** Seals an offset, so that readers need not wait for it. If this fails, they seal it. */
const seal = (
  { system: { histories }, channel, keep }: Writer,
  { epoch, offset, at }: ReservedOffset,
): Promise<boolean> => histories.put(channel, epoch, { offset, at }, keep);

/** Makes a `ChannelBusy` error a result. */
const orBusy = async <T>(work: Promise<T>): Promise<T | "channel_busy"> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ChannelBusy) return "channel_busy";
    throw error;
  }
};
