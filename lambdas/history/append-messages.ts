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
type Place = Pick<DedupeRecord, "epoch" | "offset" | "at">;

/** A message, and the offset that is claimed for it. */
interface PlacedMessage {
  id: DedupeKey;
  wanted: PendingMessage;
  claim: DedupeRecord;
}

/** The result of claiming an offset. In case of a code, the message is not stored. */
type Claiming = PlacedMessage | "uuid_reused" | "channel_busy";

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
  const head = await orBusy(take(writer, wanted.length));
  if (head === "channel_busy") return wanted.map(() => "channel_busy");
  const places = wanted.map((_, at) => placeOf(head, head.offset - wanted.length + 1 + at));
  const claimed = await waitForAll(wanted.map((one, at) => orBusy(claim(writer, one, places[at]!))));
  // Offsets of failed claims are not spare: the claim may have been stored.
  const spare = places.filter((place, at) => isElsewhere(claimed[at]!, place));
  const claims = untilBusy(claimed);
  const stored =
    spare.length === 0 && system.clock.now() - head.at < PARALLEL_MS
      ? await waitForAll<AppendResult | undefined>(
          claims.map((each) => (typeof each === "object" ? orBusy(storedAt(writer, each)) : each)),
        )
      : [undefined];
  return stored.every((each) => each !== undefined) ? stored : inOrder(writer, claims, spare);
};

const untilBusy = (outcomes: readonly Claiming[]): Claiming[] => {
  const first = outcomes.indexOf("channel_busy");
  return outcomes.map((each, at) => (first >= 0 && at > first ? "channel_busy" : each));
};

const take = ({ system, channel, keep }: Writer, count: number): Promise<StreamHead> =>
  system.histories.reserveOffsets(channel, count, newEpoch(system.clock), keep);

const placeOf = ({ epoch, offset, at }: StreamHead, taken = offset): Place => ({ epoch, offset: taken, at });

const isElsewhere = (outcome: Claiming, { epoch, offset }: Place): boolean =>
  typeof outcome === "object"
    ? outcome.claim.offset !== offset || outcome.claim.epoch !== epoch
    : outcome === "uuid_reused";

/** Claims an offset for a message, or finds the offset that it has. */
const claim = async (
  { system: { histories }, channel, publisher }: Writer,
  wanted: PendingMessage,
  place: Place,
): Promise<Claiming> => {
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
const inOrder = async (writer: Writer, claims: readonly Claiming[], spare: Place[]): Promise<AppendResult[]> => {
  const settled: AppendResult[] = [];
  let last: Position | undefined;
  for (const each of claims) {
    const one = settled.includes("channel_busy")
      ? "channel_busy"
      : typeof each === "string"
        ? each
        : await orBusy(placeBehind(writer, each, last, spare));
    if (typeof one === "object" && isBehind(one.position, last)) last = one.position;
    settled.push(one);
  }
  await Promise.all(spare.map((place) => seal(writer, place).catch(() => undefined)));
  return settled;
};

/** Whether a position comes after the last one. Positions of different epochs have no order. */
const isBehind = ({ epoch, offset }: Position, last: Position | undefined): boolean =>
  last === undefined || epoch !== last.epoch || offset > last.offset;

/**
 * Stores a message at its claimed offset. If that comes before `last`, is too old or is sealed, the message gets a
 * later one.
 */
const placeBehind = async (
  writer: Writer,
  claimed: PlacedMessage,
  last: Position | undefined,
  spare: Place[],
): Promise<AppendResult> => {
  const { histories } = writer.system;
  let { claim } = claimed;
  for (let moves = 0; moves <= MAX_OFFSET_MOVES; moves += 1) {
    const here = { ...claimed, claim };
    // Readers may seal an offset that is so old, or rely on it. So the message is not stored there any more. A message
    // that is there already stays, because readers may have it.
    const young = writer.system.clock.now() - claim.at < PENDING_MS;
    const stored = await (young && isBehind(claim, last) ? storedAt(writer, here) : sealedAt(writer, here));
    if (stored) return stored;
    const free = spare.findIndex((place) => isBehind(place, last) && place.epoch === claim.epoch);
    const place = free < 0 ? placeOf(await take(writer, 1)) : spare[free]!;
    const next = { ...place, hash: claim.hash };
    if (await histories.reclaim(claimed.id, next, claim)) {
      claim = next;
      if (free >= 0) spare.splice(free, 1);
    } else {
      claim = (await histories.claimed(claimed.id)) ?? claim;
      if (free < 0) spare.push(place);
    }
  }
  return "channel_busy";
};

/** Writes a message at its offset, or finds it there; `undefined` if the offset is sealed. */
const storedAt = async (
  { system: { histories }, channel, keep, userId }: Writer,
  {
    claim: { epoch, offset, at },
    wanted: {
      message: { uuid, data },
    },
  }: PlacedMessage,
): Promise<StoredMessage | undefined> => {
  if (
    await histories.put(
      channel,
      epoch,
      { offset, at, message: { uuid, data }, ...(userId !== undefined && { userId }) },
      keep,
    )
  ) {
    return { position: { epoch, offset }, message: { channel, uuid, data } };
  }
  return found(histories, channel, { epoch, offset }, uuid);
};

/** Seals the offset of a message, or finds the message there. */
const sealedAt = async (
  writer: Writer,
  { claim, wanted: { message } }: PlacedMessage,
): Promise<StoredMessage | undefined> =>
  (await seal(writer, claim)) ? undefined : found(writer.system.histories, writer.channel, claim, message.uuid);

const found = async (
  histories: Pick<Histories, "row">,
  channel: string,
  { epoch, offset }: Position,
  uuid: string,
): Promise<StoredMessage | undefined> => {
  const there: HistoryRow | undefined = await histories.row(channel, epoch, offset);
  if (there?.deleted === uuid)
    return { position: { epoch, offset }, message: { channel, uuid, data: null }, isDeleted: true };
  return there?.message?.uuid === uuid
    ? { position: { epoch, offset }, message: { channel, ...there.message } }
    : undefined;
};

/** Seals an offset, so that readers need not wait for it. If this fails, they seal it. */
const seal = ({ system: { histories }, channel, keep }: Writer, { epoch, offset, at }: Place): Promise<boolean> =>
  histories.put(channel, epoch, { offset, at }, keep);

/** Makes a `ChannelBusy` error a result. */
const orBusy = async <T>(work: Promise<T>): Promise<T | "channel_busy"> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ChannelBusy) return "channel_busy";
    throw error;
  }
};
