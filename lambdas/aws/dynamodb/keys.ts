import { LIVENESS_SHARDS } from "../../presence/liveness.js";
import { connectionPlace, PLACE_SEPARATOR } from "../../presence/members.js";

/** The key of a row. */
export interface Key {
  pk: string;
  sk: string;
}

/**
 * Number of partitions of registrations. Each takes 1,000 write units a second, and the account's 500 new connections a
 * second write and delete one row each.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const SHARDS = 16;

/** The partition with all rows of one connection. */
export const connectionKey = (connectionId: string): string => `a#${connectionId}`;

/** The record of a connection: its agent, or why it was denied. */
export const connectionRecordKey = (connectionId: string): Key => ({ pk: connectionKey(connectionId), sk: "agent" });

const SUBSCRIPTION = "s#";

/** A connection's own row of a subscription, which is found when it leaves. */
export const subscriptionKey = (connectionId: string, channel: string): Key => ({
  pk: connectionKey(connectionId),
  sk: SUBSCRIPTION + channel,
});

/** The channel of a subscription's key; `undefined` for other rows of the connection. */
export const channelOf = (sk: string): string | undefined =>
  sk.startsWith(SUBSCRIPTION) ? sk.slice(SUBSCRIPTION.length) : undefined;

/**
 * The partition with the subscribers of a channel or wildcard, or with a shard of them. A channel without shards uses
 * the first shard, so that existing subscribers are found after shards are added. No channel's name has a `#`.
 */
export const channelKey = (channel: string, shard = 0): string =>
  shard === 0 ? `c#${channel}` : `c#${channel}#${shard}`;

/** All partitions with subscribers of a channel or wildcard. */
export const channelKeys = (channel: string, shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => channelKey(channel, shard));

/**
 * A channel's row of a subscriber, which a publication reads.
 * @param shards number of the channel's shards: a power of two
 */
export const subscriberKey = (channel: string, connectionId: string, shards = 1): Key => ({
  pk: channelKey(channel, spread(connectionId) & (shards - 1)),
  sk: connectionId,
});

/** All possible keys of that row: its present key, and its keys when the channel had fewer shards. */
export const subscriberKeys = (channel: string, connectionId: string, shards: number): Key[] => {
  const keys = new Map<string, Key>();
  for (let count = shards; count >= 1; count /= 2) {
    const key = subscriberKey(channel, connectionId, count);
    keys.set(key.pk, key);
  }
  return [...keys.values()];
};

/** The start of the keys of channels' last messages. */
export const LATEST_PREFIX = "v#";

/** A channel's last message. */
export const latestKey = (channel: string): Key => ({ pk: `${LATEST_PREFIX}${channel}`, sk: "latest" });

/** A waiting message on a channel that lingers. */
export const logKey = (channel: string, id: string): Key => ({ pk: `l#${channel}`, sk: id });

/** Number of workers that started a segment of a fan-out again, by the id of its message in the queue. */
export const attemptsKey = (id: string): Key => ({ pk: `w#${id}`, sk: "attempts" });

/** The head of a channel's history. */
export const headKey = (channel: string): Key => ({ pk: `h#${channel}`, sk: "head" });

/** The claim of a publisher's message on a channel with history. */
export const claimKey = (channel: string, publisher: string, uuid: string): Key => ({
  pk: `d#${channel}#${publisher}`,
  sk: uuid,
});

/** The prefix of the partitions of channels' histories. */
export const ROWS_PREFIX = "m#";

/** A message of a channel's history, or its sealed offset. Each epoch has its own partition. */
export const rowKey = (channel: string, epoch: string, offset: number): Key => ({
  pk: `${ROWS_PREFIX}${channel}#${epoch}`,
  // Enough digits for a thousand messages a second in three hundred years.
  sk: String(offset).padStart(13, "0"),
});

/** The inverse of `rowKey`. No channel's name and no epoch has a `#`. */
export const positionOfRow = ({ pk, sk }: Key): { channel: string; epoch: string; offset: number } => {
  const [, channel = "", epoch = ""] = pk.split("#");
  return { channel, epoch, offset: Number(sk) };
};

/** The partitions of the leases of linger flushers. */
export const leaseShards = (): string[] => Array.from({ length: SHARDS }, (_, shard) => `f#${shard}`);

/** The lease of one channel. */
export const leaseKey = (channel: string): Key => ({ pk: `f#${shardOf(channel)}`, sk: channel });

/** The partition with all members of a channel. */
export const membersKey = (channel: string): string => `p#${channel}`;

/** The entry of a connection of a member of a channel. */
export const memberKey = (channel: string, member: string, connectionId: string): Key => ({
  pk: membersKey(channel),
  sk: `${member}${PLACE_SEPARATOR}${connectionPlace(connectionId)}`,
});

/** The entry of a connection, as version 0.2.0 wrote it. */
export const oldMemberKey = (channel: string, connectionId: string): Key => ({
  pk: membersKey(channel),
  sk: connectionPlace(connectionId),
});

/** The partition with one shard of the liveness rows. */
export const livenessShardKey = (shard: number): string => `b#${shard}`;

/** The liveness row of a connection. */
export const livenessKey = (connectionId: string): Key => ({
  pk: livenessShardKey(hashOf(connectionId) % LIVENESS_SHARDS),
  sk: connectionId,
});

/** The partitions with the occupancy rows of channels with presence. */
export const occupancyShards = (): string[] => Array.from({ length: SHARDS }, (_, shard) => `o#${shard}`);

/** The occupancy row of a channel with presence. */
export const occupancyKey = (channel: string): Key => ({ pk: `o#${shardOf(channel)}`, sk: channel });

/** The partition of one shard of the registrations. */
export const shardKey = (shard: number): string => `r#${shard}`;

const hashOf = (name: string): number => {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
};

const shardOf = (name: string): number => hashOf(name) % SHARDS;

/** A hash whose lowest bits depend on all others, because connection ids have much in common. */
const spread = (name: string): number => {
  const hash = Math.imul(hashOf(name), 0x9e3779b1);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Sorts by time: ten digits of epoch seconds last until the year 2286. */
export const deadlineKey = (deadline: number): string => String(deadline).padStart(10, "0");

/** The registration of a connection for the sweep after `deadline` (epoch seconds). */
export const registrationKey = (connectionId: string, deadline: number): Key => ({
  pk: shardKey(shardOf(connectionId)),
  sk: `${deadlineKey(deadline)}#${connectionId}`,
});
