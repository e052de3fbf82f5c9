/** What is known of a channel whose members are looked after. */
export interface OccupiedChannel {
  channel: string;
  /** Whether somebody is there, as the back end has been told. */
  occupied: boolean;
  /** Since when nobody is known to be there, or who comes has been awaited; epoch milliseconds. */
  since: number;
  /** Until when a run is awaited that will read the members; epoch milliseconds, 0: none is. */
  awaitedUntil: number;
  /** How many were there when a run last noted it; left out: there have never been many. */
  count?: number;
  /** Whether the row has been there for so long that it has to be written again, so as not to expire. */
  old: boolean;
}

/** Which channels have members, or had just now: what nobody else comes to is found here. Strongly consistent. */
export interface Occupancy {
  read(channel: string): Promise<OccupiedChannel | undefined>;
  /** Makes sure that the channel is found, for who is about to come. */
  watch(channel: string, now: number): Promise<void>;
  /** Has a run awaited until then. @returns whether none was: then the caller has it run */
  elect(channel: string, now: number, until: number): Promise<boolean>;
  /** Begins a run: none is awaited any more. What is noted from here on needs another. */
  begin(channel: string): Promise<OccupiedChannel | undefined>;
  /** Notes that somebody is there. @returns whether that was new: one of several callers is told so */
  occupy(channel: string, now: number): Promise<boolean>;
  /** Notes that nobody is there. @returns whether that was new: one of several callers is told so */
  vacate(channel: string, now: number): Promise<boolean>;
  /** Notes how many are there. */
  note(channel: string, count: number): Promise<void>;
  /** Forgets a channel, if nobody has been awaited there since. */
  forget(occupied: OccupiedChannel): Promise<void>;
  /** All channels, beginning anywhere. @param from which of the shards is the first: from 0 up to, not including, 1 */
  all(from: number): AsyncIterable<OccupiedChannel>;
}

/**
 * How long a channel is found after its last member went, in milliseconds: longer than a function takes from seeing that
 * the channel is looked after until it has written who comes, which is less than its timeout.
 */
export const VACANT_MS = 60_000;
