/** The occupancy row of a channel. */
export interface OccupiedChannel {
  channel: string;
  /** Whether the channel has members, as the server events have reported. */
  occupied: boolean;
  /** When the channel was vacated, or when its first member started to join; epoch milliseconds. */
  since: number;
  /** Until when a notifier run is expected that will read the members; epoch milliseconds, 0: none is. */
  runExpectedUntil: number;
  /** When the queue starts a run for leaves that are not due yet; epoch milliseconds, 0: it does not. */
  wakeUpAt: number;
  /** Number of members when a run last recorded it; left out: there have never been many. */
  count?: number;
  /** Whether the row is so old that it must be written again before it expires. */
  isStale: boolean;
}

/**
 * Channels that have, or recently had, members. Lets the sweep find channels that no other event would visit. Strongly
 * consistent.
 */
export interface Occupancy {
  read(channel: string): Promise<OccupiedChannel | undefined>;
  /** Makes sure that the channel has a row, before an agent joins. */
  ensure(channel: string, now: number): Promise<void>;
  /**
   * Records that a run is expected until then.
   * @returns whether no other run was expected: then the caller starts it
   */
  scheduleRun(channel: string, now: number, until: number): Promise<boolean>;
  /**
   * Records that the queue will start a run at this time, in epoch milliseconds.
   * @returns whether it was not going to: then the caller asks for it
   */
  scheduleWakeUp(channel: string, now: number, at: number): Promise<boolean>;
  /** Records that a run has started, so that none is expected any more. Changes after this need another run. */
  startRun(channel: string): Promise<OccupiedChannel | undefined>;
  /**
   * Records that the channel has members.
   * @returns whether that was new; true for one of several callers
   */
  occupy(channel: string, now: number): Promise<boolean>;
  /**
   * Records that the channel has no members.
   * @returns whether that was new; true for one of several callers
   */
  vacate(channel: string, now: number): Promise<boolean>;
  /** Records the number of members. */
  setCount(channel: string, count: number): Promise<void>;
  /** Deletes a channel's row, if no agent started to join since. */
  remove(occupied: OccupiedChannel): Promise<void>;
  /**
   * All channels, starting at any shard.
   * @param from selects the first shard: from 0 up to, not including, 1
   */
  all(from: number): AsyncIterable<OccupiedChannel>;
}

/**
 * How long the row of a vacated channel stays, in milliseconds. A function reads the row
 * before it writes a new member. The time between both is shorter, because it is less than the function's timeout.
 */
export const VACANT_MS = 60_000;

/** Has the queue start runs of the notifier later. */
export interface WakeUps {
  /** @returns whether the queue has accepted it */
  wakeUp(channels: readonly string[], delaySeconds: number): Promise<boolean>;
}
