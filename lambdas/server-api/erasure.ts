import type { Position } from "../../protocol/index.js";
import type { HistorySettings } from "../../protocol/channel-settings.js";

/** A message of a channel's history. */
export interface ChannelPosition extends Position {
  channel: string;
}

/** The rows that deleting is about. Every read of one row is strongly consistent. */
export interface Erasure {
  /**
   * Deletes a message, but not its row: readers still find that the offset is taken.
   * @returns the message's uuid, also if it was deleted before; `undefined`: there is no message
   */
  deleteMessage(at: ChannelPosition): Promise<string | undefined>;
  /** Forgets whose a deleted message was. */
  disown(at: ChannelPosition): Promise<void>;
  /** Begins another history on a channel that has one, and notes that the rows of the history before have to be deleted. */
  restart(channel: string, newEpoch: string, keep: HistorySettings): Promise<void>;
  /** The epochs whose rows have to be deleted, and when the present one began, in epoch milliseconds. */
  leftovers(channel: string): Promise<{ epochs: string[]; since: number }>;
  /**
   * Deletes a history's rows, and the note about it when all are deleted.
   * @param hasTime whether there is time for another page
   * @returns how many messages were deleted; `isWhole`: no row is left
   */
  deleteRows(channel: string, epoch: string, hasTime: () => boolean): Promise<{ deleted: number; isWhole: boolean }>;
  /**
   * Deletes a channel's last message, where it is kept without a history.
   * @param userId only if an agent of this user has published it
   */
  deleteLatest(channel: string, userId?: string): Promise<void>;
  /**
   * Looks for messages that a user's agents have published, among the next rows of the whole table.
   * @param after the end of the previous page; left out: begins with the first row
   * @returns `found`: messages of histories. `latest`: the channels whose last message without a history is the user's.
   * `after`: where this page ended; `undefined`: there are no more rows
   */
  publishedBy(userId: string, after?: string): Promise<{ found: ChannelPosition[]; latest: string[]; after?: string }>;
}
