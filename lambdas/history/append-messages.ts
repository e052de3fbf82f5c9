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

/** What storing messages needs. */
export interface HistoryDependencies {
  histories: Pick<Histories, "reserveOffsets" | "claim" | "claimed" | "reclaim" | "put" | "row">;
  settings: Pick<Settings, "channels" | "dedupeSeconds">;
  clock: Pick<Clock, "now" | "random">;
}

/** One message to be stored; several publications of a frame may be the same. */
export interface PendingMessage {
  message: Message;
  /** Of what the publisher has sent: its channel and data, whatever its guard makes of them. */
  hash: string;
}

/** Where a message is stored, and as what: a repetition may find it there, as it was published first. */
export interface StoredMessage {
  position: Position;
  message: Message;
  /** It was deleted since it was published first: nobody receives it again. */
  isDeleted?: true;
}

/** What became of a message. */
export type AppendResult = StoredMessage | Extract<Code, "uuid_reused" | "channel_busy">;

/** How often a message moves on to another offset before its channel counts as busy. */
const MAX_OFFSET_MOVES = 5;

/**
 * Until how long after its offset was taken a message is stored beside others of its frame, in milliseconds: readers
 * will seal none of them for as long again.
 */
const BESIDE_MS = PENDING_MS / 2;

/** One channel's history, for one publisher. */
interface Writer {
  system: HistoryDependencies;
  publisher: string;
  /** The publisher's user, if there is one. */
  userId: string | undefined;
  channel: string;
  keep: HistorySettings;
}

/** An offset that was taken. */
type Place = Pick<DedupeRecord, "epoch" | "offset" | "at">;

/** A message on its way, and the offset that is claimed for it. */
interface PlacedMessage {
  id: DedupeKey;
  wanted: PendingMessage;
  claim: DedupeRecord;
}

/** What came of claiming: the others are not stored. */
type Claiming = PlacedMessage | "uuid_reused" | "channel_busy";

/**
 * Stores messages of one channel: takes their offsets, claims each for its publisher's uuid, and puts the message there.
 *
 * The three writes of a message come one after the other. Whoever dies after the first leaves an offset at which nothing
 * will be; after the second, an offset that a repetition finds and fills. Readers wait for it `PENDING_MS` and then seal
 * it; so a writer that comes later than that seals it itself, moves on to another one, and takes the claim along.
 * @param wanted messages of one channel, in the order that their offsets are to have
 * @param userId the publisher's user, if there is one
 * @returns what became of each, in the same order; after one that the channel is too busy for all are, so that their
 * repetition has the order that they have
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
  // Not those of which nobody knows whether they are claimed.
  const spare = places.filter((place, at) => isElsewhere(claimed[at]!, place));
  const claims = untilBusy(claimed);
  const stored =
    spare.length === 0 && system.clock.now() - head.at < BESIDE_MS
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

/** Claims an offset for a message, or finds the one that it has. */
const claim = async (
  { system: { histories }, channel, publisher }: Writer,
  wanted: PendingMessage,
  place: Place,
): Promise<Claiming> => {
  const id: DedupeKey = { channel, publisher, uuid: wanted.message.uuid };
  const own: DedupeRecord = { ...place, hash: wanted.hash };
  if (await histories.claim(id, own)) return { id, wanted, claim: own };
  const earlier = await histories.claimed(id);
  // Its time was over just now: who repeats this claims it.
  if (!earlier) return "channel_busy";
  return earlier.hash === wanted.hash ? { id, wanted, claim: earlier } : "uuid_reused";
};

/**
 * Stores messages one after the other, each behind the one before it.
 *
 * Somebody repeats here what is stored already, was begun and left, or is being stored just now by the first try. Of two
 * that claim at once, each may win some: then an earlier message can have a later offset. So where a message has not
 * been stored yet, its offset is sealed, and it moves to one behind; whichever of the two sees that does it.
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

/** Epochs have no order. */
const isBehind = ({ epoch, offset }: Position, last: Position | undefined): boolean =>
  last === undefined || epoch !== last.epoch || offset > last.offset;

/** Stores a message where it is claimed, or, where that is before `last`, too long ago or sealed, at an offset behind. */
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
    // Readers may have sealed what was taken so long ago, or counted on it that they could: nothing is stored there any
    // more, though nobody has. Where it is stored already, it stays: readers may have it.
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

/** Puts a message at its place, or finds it there; `undefined` where that is sealed. */
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

/** Seals the place of a message, or finds it there. */
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

/** Nothing will be at this offset: readers need not wait for it. Where this fails, they seal it. */
const seal = ({ system: { histories }, channel, keep }: Writer, { epoch, offset, at }: Place): Promise<boolean> =>
  histories.put(channel, epoch, { offset, at }, keep);

/** Makes a channel that takes no more an outcome like others. */
const orBusy = async <T>(work: Promise<T>): Promise<T | "channel_busy"> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ChannelBusy) return "channel_busy";
    throw error;
  }
};
