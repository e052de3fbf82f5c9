import type { PresenceIdentity } from "./members.js";

/** The liveness row of a connection that is a member of some channel. */
export interface LiveConnection {
  connectionId: string;
  /** When it last said that it is present, in epoch milliseconds. */
  heartbeatAt: number;
  /** When it was found to be silent for too long, in epoch milliseconds, until its memberships have ended. */
  silentSince?: number;
}

/**
 * One row for each connection that is a member of some channel. It is written before the first of the connection's
 * entries, and deleted after the last one has left. So the presence checker finds every connection that may have entries.
 */
export interface Liveness {
  /** Makes sure that a connection has a row, before it joins a channel. */
  begin(agent: PresenceIdentity, now: number): Promise<void>;
  /**
   * Records that a connection is alive.
   * @returns false if it has no row, or was found silent: then it is a member nowhere
   */
  renew(connectionId: string, now: number): Promise<boolean>;
  /** The place of the connection's member; `undefined`: it has no row. Strongly consistent. */
  memberPlace(connectionId: string): Promise<string | undefined>;
  /** Deletes the row of a connection whose agent has ended. */
  end(connectionId: string): Promise<void>;
  /**
   * Records that a connection was silent for too long.
   * @returns whether it still is; false if it has said something meanwhile
   */
  markSilent(connection: LiveConnection, now: number): Promise<boolean>;
  /** Deletes the row of a silent connection whose memberships have ended, unless it has joined a channel again. */
  endSilent(connectionId: string): Promise<void>;
  /**
   * The rows of one shard, page by page. Eventually consistent.
   * @param shard from 0 up to, not including, `LIVENESS_SHARDS`
   */
  ofShard(shard: number): AsyncIterable<readonly LiveConnection[]>;
}

/** Reads the rows of some shards, all shards at once. */
export const readLiveness = async (
  liveness: Pick<Liveness, "ofShard">,
  shards: readonly number[],
): Promise<LiveConnection[]> => {
  const readShard = async (shard: number): Promise<LiveConnection[]> => {
    const rows: LiveConnection[] = [];
    for await (const page of liveness.ofShard(shard)) rows.push(...page);
    return rows;
  };
  return (await Promise.all(shards.map(readShard))).flat();
};

/** Number of partitions of liveness rows. Each takes 1,000 writes a second. */
export const LIVENESS_SHARDS = 16;

/** All shards, from a random one on: readers that run out of time do not always skip the same. */
export const shardsFrom = (random: number): number[] => {
  const first = Math.floor(random * LIVENESS_SHARDS);
  return Array.from({ length: LIVENESS_SHARDS }, (_, at) => (first + at) % LIVENESS_SHARDS);
};

/** How long a row counts as just written, in milliseconds: joining more channels then writes nothing. */
export const FRESH_MS = 60_000;
