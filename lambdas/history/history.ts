import type { Json } from "../../protocol/index.js";
import type { HistorySettings } from "../../protocol/channel-settings.js";

/** How many messages a channel with history has had: the offsets from 1 to `offset` are taken. */
export interface StreamHead {
  /** Names the history; another one begins where this row was lost or has expired. */
  epoch: string;
  offset: number;
  /** When the last offset was taken, in epoch milliseconds. */
  at: number;
  /** When the history began, in epoch milliseconds. */
  begun: number;
}

/** What is at an offset. */
export interface HistoryRow {
  offset: number;
  /** When the offset was taken, or at the latest, in epoch milliseconds. Of two rows the later one has the later time. */
  at: number;
  /** Left out: it is sealed, and there will never be one. */
  message?: { uuid: string; data: Json };
  /** Which user's agent has published it, so that it can be deleted when the user is to be forgotten. */
  userId?: string;
  /** The uuid of a message that was here and was deleted. A repeated publication finds it, and is not stored again. */
  deleted?: string;
}

/** That a publisher's message has an offset. */
export interface DedupeRecord {
  epoch: string;
  offset: number;
  /** When that offset was taken, in epoch milliseconds. */
  at: number;
  /** Of what was published: a repetition has the same. */
  hash: string;
}

/** Whose message a claim is for. */
export interface DedupeKey {
  channel: string;
  /** Whose uuid it is: the session's, the agent's, or the back end's. */
  publisher: string;
  uuid: string;
}

/** The histories of channels. Every read is strongly consistent. What takes too much in a second throws `ChannelBusy`. */
export interface Histories {
  /**
   * Takes the next offsets of a channel, in one write; makes its history where there is none.
   * @param count none: only makes it
   * @param newEpoch the epoch's name where it is made
   * @returns the head as it is then: the offsets taken are its last `count`
   */
  reserveOffsets(channel: string, count: number, newEpoch: string, keep: HistorySettings): Promise<StreamHead>;
  /** The heads of those channels that have one, by channel. */
  heads(channels: readonly string[]): Promise<Map<string, StreamHead>>;
  /** The same of those channels that a connection is subscribed to; `undefined` for one that has none. */
  headsOfSubscribed(connectionId: string, channels: readonly string[]): Promise<Map<string, StreamHead | undefined>>;
  /** Whether the claim is stored: nobody has made one for the same message within the window, in this epoch. */
  claim(id: DedupeKey, claim: DedupeRecord): Promise<boolean>;
  claimed(id: DedupeKey): Promise<DedupeRecord | undefined>;
  /** Gives a claim another offset, if it still is what it was. */
  reclaim(id: DedupeKey, claim: DedupeRecord, previous: DedupeRecord): Promise<boolean>;
  /** Stores a message at its offset, or seals it, if nothing is there. */
  put(channel: string, epoch: string, row: HistoryRow, keep: HistorySettings): Promise<boolean>;
  /** What is at an offset. */
  row(channel: string, epoch: string, offset: number): Promise<HistoryRow | undefined>;
  /**
   * What there is from one offset to another, both included, in order.
   * @param limit most rows
   * @returns `whole`: there is no more of it
   */
  rows(
    channel: string,
    epoch: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ rows: HistoryRow[]; whole: boolean }>;
}

/** A channel's history takes no more just now. */
export class ChannelBusy extends Error {
  override name = "ChannelBusy";
}

/**
 * How long an offset may be taken without anything being there, in milliseconds. Until then readers stop before it;
 * after that they seal it, and whoever comes to store its message moves on to another offset.
 */
export const PENDING_MS = 5_000;

/**
 * What a channel's head outlives its last message by, in seconds: who comes back to a channel on which nothing happened
 * meanwhile has missed nothing.
 */
export const HEAD_SECONDS = 30 * 24 * 60 * 60;

/** A name for a new history. */
export const newEpoch = (clock: { now(): number; random(): number }): string =>
  clock.now().toString(36) + clock.random().toString(36).slice(2, 12);
