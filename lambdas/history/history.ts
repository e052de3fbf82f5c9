import type { Message } from "../../protocol/index.js";
import type { HistorySettings } from "../../protocol/channel-settings.js";

/** The head of a channel's history: the offsets from 1 to `offset` are taken. */
export interface StreamHead {
  /** Id of the history. A new history starts when this row is lost or has expired. */
  epoch: string;
  offset: number;
  /** When the last offset was reserved, in epoch milliseconds. */
  at: number;
  /** When the history began, in epoch milliseconds. */
  begun: number;
}

/** The row of an offset. */
export interface HistoryRow {
  offset: number;
  /**
   * When the offset was reserved, in epoch milliseconds. It grows with the offset. It is the time of the message's
   * acceptance; of a sealed offset it may be an upper bound.
   */
  at: number;
  /** Left out: the offset is sealed, and stays empty. */
  message?: Pick<Message, "uuid" | "data" | "from">;
  /** The user whose agent published it, so that it can be deleted when the user is to be forgotten. */
  userId?: string;
  /** The uuid of a message that was deleted here. A repeated publication finds it, and is not stored again. */
  deleted?: string;
}

/** The offset of a publisher's message. */
export interface DedupeRecord {
  epoch: string;
  offset: number;
  /** When that offset was reserved, in epoch milliseconds. */
  at: number;
  /** Hash of the published message: a repetition has the same. */
  hash: string;
}

/** Identifies the message of a claim. */
export interface DedupeKey {
  channel: string;
  /** The owner of the uuid: a session, an agent, or the server API. */
  publisher: string;
  uuid: string;
}

/**
 * The histories of channels. Every read is strongly consistent. If a channel is throttled, a call throws `ChannelBusy`.
 */
export interface Histories {
  /**
   * Reserves the next offsets of a channel, in one write. Creates the history if there is none.
   * @param count 0 only creates the history
   * @param newEpoch the epoch of a new history
   * @returns the head after the write: the reserved offsets are its last `count`
   */
  reserveOffsets(channel: string, count: number, newEpoch: string, keep: HistorySettings): Promise<StreamHead>;
  /** The heads of the channels that have one, by channel. */
  heads(channels: readonly string[]): Promise<Map<string, StreamHead>>;
  /** The heads of the channels that a connection is subscribed to; `undefined` for a channel without one. */
  headsOfSubscribed(connectionId: string, channels: readonly string[]): Promise<Map<string, StreamHead | undefined>>;
  /**
   * Stores a claim.
   * @returns whether it is stored: the message has no other claim within the window, in this epoch
   */
  claim(id: DedupeKey, claim: DedupeRecord): Promise<boolean>;
  claimed(id: DedupeKey): Promise<DedupeRecord | undefined>;
  /** Gives a claim another offset, if the claim is unchanged. */
  reclaim(id: DedupeKey, claim: DedupeRecord, previous: DedupeRecord): Promise<boolean>;
  /** Stores a message at its offset, or seals it, if the offset is empty. */
  put(channel: string, epoch: string, row: HistoryRow, keep: HistorySettings): Promise<boolean>;
  /** The row of an offset. */
  row(channel: string, epoch: string, offset: number): Promise<HistoryRow | undefined>;
  /**
   * The rows from one offset to another, both included, in order.
   * @param limit maximum number of rows
   * @returns `whole`: these are all rows of the range
   */
  rows(
    channel: string,
    epoch: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ rows: HistoryRow[]; whole: boolean }>;
}

/** A channel's history is throttled at the moment. */
export class ChannelBusy extends Error {
  override name = "ChannelBusy";
}

/**
 * How long a reserved offset may stay empty, in milliseconds. Until then readers stop before it; after that they seal
 * it, and a late writer moves its message on to another offset.
 */
export const PENDING_MS = 5_000;

/**
 * How long a channel's head outlives its last message, in seconds. A client that comes back to a silent channel finds
 * that it has missed no messages.
 */
export const HEAD_SECONDS = 30 * 24 * 60 * 60;

/** A new epoch. */
export const newEpoch = (clock: { now(): number; random(): number }): string =>
  clock.now().toString(36) + clock.random().toString(36).slice(2, 12);
