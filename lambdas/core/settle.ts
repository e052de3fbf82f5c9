import type { Code, Message, Position } from "../../protocol/index.js";
import type { Settings } from "../settings.js";
import { type HistoryOptions, optionsOf } from "./channel-options.js";
import { ChannelBusy, type Claim, type ClaimId, type Head, type Histories, newEpoch, type Row } from "./history.js";
import type { Clock } from "./ports.js";

/** What storing messages needs. */
export interface Recording {
  histories: Pick<Histories, "take" | "claim" | "claimed" | "reclaim" | "put" | "row">;
  settings: Pick<Settings, "channels" | "dedupeSeconds">;
  clock: Pick<Clock, "now" | "random">;
}

/** One message to be stored; several publications of a frame may be the same. */
export interface Wanted {
  message: Message;
  /** Of what the publisher has sent: its channel and data, whatever its guard makes of them. */
  hash: string;
}

/** Where a message is stored, and as what: a repetition may find it there, as it was published first. */
export interface Stored {
  position: Position;
  message: Message;
}

/** What became of a message. */
export type Settled = Stored | Extract<Code, "uuid_reused" | "channel_busy">;

/** How often a message moves on to another offset before its channel counts as busy. */
const MOVES = 5;

/** One channel's history, for writing. */
interface Channel {
  system: Recording;
  channel: string;
  keep: HistoryOptions;
}

/** An offset that is this writer's. */
type Place = Pick<Claim, "epoch" | "offset" | "at">;

/**
 * Stores messages of one channel: takes their offsets, claims each for its publisher's uuid, and puts the message there.
 *
 * The three writes of a message come one after the other. Whoever dies after the first leaves an offset at which nothing
 * will be; after the second, an offset that a repetition finds and fills. Readers wait for it `PENDING_MS` and then seal
 * it; so a writer that finds its offset sealed moves on to another one, and takes the claim along.
 * @param wanted messages of one channel
 * @returns what became of each, in the same order
 */
export const settle = async (system: Recording, publisher: string, wanted: readonly Wanted[]): Promise<Settled[]> => {
  const channel = wanted[0]!.message.channel;
  const keep = optionsOf(system.settings.channels, channel).history!;
  const writer: Channel = { system, channel, keep };
  const head = await orBusy(take(writer, wanted.length));
  if (head === "channel_busy") return wanted.map(() => "channel_busy");
  const ended = await Promise.allSettled(
    wanted.map((one, at) => orBusy(place(writer, publisher, one, placeOf(head, head.offset - wanted.length + 1 + at)))),
  );
  return ended.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
};

const take = ({ system, channel, keep }: Channel, count: number): Promise<Head> =>
  system.histories.take(channel, count, newEpoch(system.clock), keep);

const placeOf = ({ epoch, offset, at }: Head, taken = offset): Place => ({ epoch, offset: taken, at });

/** Claims an offset for a message, or finds the one that it has, and sees to it that the message is stored there. */
const place = async (writer: Channel, publisher: string, { message, hash }: Wanted, taken: Place): Promise<Settled> => {
  const { histories } = writer.system;
  const id: ClaimId = { channel: writer.channel, publisher, uuid: message.uuid };
  let spare: Place | undefined = taken;
  let claim: Claim = { ...taken, hash };
  if (!(await histories.claim(id, claim))) {
    const earlier = await histories.claimed(id);
    // Its time was over just now: who repeats this claims it.
    if (!earlier) return busy(writer, spare);
    if (earlier.hash !== hash) {
      await seal(writer, spare);
      return "uuid_reused";
    }
    claim = earlier;
  }
  if (isAt(claim, spare)) spare = undefined;
  for (let moves = 0; moves < MOVES; moves += 1) {
    const stored = await storedAt(writer, claim, { uuid: message.uuid, data: message.data });
    if (stored) {
      await seal(writer, spare);
      return stored;
    }
    // Sealed: this writer, or the one that it repeats, was too slow.
    spare ??= placeOf(await take(writer, 1));
    const next = { ...spare, hash };
    if (await histories.reclaim(id, next, claim)) claim = next;
    else claim = (await histories.claimed(id)) ?? claim;
    if (isAt(claim, spare)) spare = undefined;
  }
  return busy(writer, spare);
};

const isAt = (claim: Place, place: Place | undefined): boolean => claim.offset === place?.offset && claim.epoch === place.epoch;

/** Puts a message at its place, or finds it there; `undefined` where that is sealed. */
const storedAt = async (
  { system: { histories }, channel, keep }: Channel,
  { epoch, offset, at }: Place,
  message: NonNullable<Row["message"]>,
): Promise<Stored | undefined> => {
  const position = { epoch, offset };
  if (await histories.put(channel, epoch, { offset, at, message }, keep)) return { position, message: { channel, ...message } };
  const there = await histories.row(channel, epoch, offset);
  return there?.message && { position, message: { channel, ...there.message } };
};

/** Nothing will be at this offset: readers need not wait for it. */
const seal = async ({ system: { histories }, channel, keep }: Channel, place: Place | undefined): Promise<void> => {
  // Where this fails, readers seal it.
  if (place) await histories.put(channel, place.epoch, { offset: place.offset, at: place.at }, keep).catch(() => undefined);
};

const busy = async (writer: Channel, spare: Place | undefined): Promise<"channel_busy"> => {
  await seal(writer, spare);
  return "channel_busy";
};

/** Makes a channel that takes no more an outcome like others. */
const orBusy = async <T>(work: Promise<T>): Promise<T | "channel_busy"> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ChannelBusy) return "channel_busy";
    throw error;
  }
};
