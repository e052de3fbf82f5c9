import { memberPlace } from "../../presence/members.js";

/** The key of a row. */
export interface Key {
  pk: string;
  sk: string;
}

/**
 * How many partitions the registrations are spread over: each takes 1,000 write units a second, and the account's
 * 500 new connections a second write and delete one row each.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const SHARDS = 16;

/** The partition with all that is known of one connection. */
export const connectionKey = (connectionId: string): string => `a#${connectionId}`;

/** What is known of a connection itself: its agent, or why it was denied. */
export const standingKey = (connectionId: string): Key => ({ pk: connectionKey(connectionId), sk: "agent" });

const SUBSCRIPTION = "s#";

/** That a connection is subscribed to a channel; found when it leaves. */
export const subscriptionKey = (connectionId: string, channel: string): Key => ({
  pk: connectionKey(connectionId),
  sk: SUBSCRIPTION + channel,
});

/** The channel of a subscription's key; `undefined` for other rows of the connection. */
export const channelOf = (sk: string): string | undefined =>
  sk.startsWith(SUBSCRIPTION) ? sk.slice(SUBSCRIPTION.length) : undefined;

/**
 * The partition with the subscribers of a channel or wildcard, or with a shard of them. The first shard is where all are
 * without shards: so whoever was there before is found. No channel's name has a `#`.
 */
export const channelKey = (channel: string, shard = 0): string =>
  shard === 0 ? `c#${channel}` : `c#${channel}#${shard}`;

/** All partitions with subscribers of a channel or wildcard. */
export const channelKeys = (channel: string, shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => channelKey(channel, shard));

/**
 * That a channel has a subscriber; found when something is published.
 * @param shards how many shards the channel has: a power of two
 */
export const subscriberKey = (channel: string, connectionId: string, shards = 1): Key => ({
  pk: channelKey(channel, spread(connectionId) & (shards - 1)),
  sk: connectionId,
});

/** Where that may be: where it is written now, and where it was when the channel had fewer shards. */
export const subscriberKeys = (channel: string, connectionId: string, shards: number): Key[] => {
  const keys = new Map<string, Key>();
  for (let count = shards; count >= 1; count /= 2) {
    const key = subscriberKey(channel, connectionId, count);
    keys.set(key.pk, key);
  }
  return [...keys.values()];
};

/** A channel's last message. */
export const latestKey = (channel: string): Key => ({ pk: `v#${channel}`, sk: "latest" });

/** A message that waits on a channel whose messages gather. */
export const logKey = (channel: string, id: string): Key => ({ pk: `l#${channel}`, sk: id });

/** How many workers have begun with a segment of a fan-out again, by the id of its message in the queue. */
export const attemptsKey = (id: string): Key => ({ pk: `w#${id}`, sk: "attempts" });

/** How many messages a channel with history has had. */
export const headKey = (channel: string): Key => ({ pk: `h#${channel}`, sk: "head" });

/** That a publisher has published a message on a channel with history, and where it is. */
export const claimKey = (channel: string, publisher: string, uuid: string): Key => ({
  pk: `d#${channel}#${publisher}`,
  sk: uuid,
});

/** What the partitions of channels' histories begin with. */
export const ROWS_PREFIX = "m#";

/** A message of a channel's history, or that there is none at its offset. Each epoch has a partition of its own. */
export const rowKey = (channel: string, epoch: string, offset: number): Key => ({
  pk: `${ROWS_PREFIX}${channel}#${epoch}`,
  // As many digits as a thousand a second fill in three hundred years.
  sk: String(offset).padStart(13, "0"),
});

/** What `rowKey` made a key of. No channel's name and no epoch has a `#`. */
export const positionOfRow = ({ pk, sk }: Key): { channel: string; epoch: string; offset: number } => {
  const [, channel = "", epoch = ""] = pk.split("#");
  return { channel, epoch, offset: Number(sk) };
};

/** The partitions of the leases: that somebody delivers what waits on a channel. */
export const leaseShards = (): string[] => Array.from({ length: SHARDS }, (_, shard) => `f#${shard}`);

/** The lease of one channel. */
export const leaseKey = (channel: string): Key => ({ pk: `f#${shardOf(channel)}`, sk: channel });

/** The partition with all who are present on a channel. */
export const membersKey = (channel: string): string => `p#${channel}`;

/** That an agent is present on a channel. */
export const memberKey = (channel: string, connectionId: string): Key => ({
  pk: membersKey(channel),
  sk: memberPlace(connectionId),
});

/** The partitions in which channels with presence are listed that have somebody, or had just now. */
export const occupancyShards = (): string[] => Array.from({ length: SHARDS }, (_, shard) => `o#${shard}`);

/** That a channel with presence has somebody, or had just now. */
export const occupancyKey = (channel: string): Key => ({ pk: `o#${shardOf(channel)}`, sk: channel });

/** The partition of one shard of the registrations. */
export const shardKey = (shard: number): string => `r#${shard}`;

const hashOf = (name: string): number => {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash;
};

const shardOf = (name: string): number => hashOf(name) % SHARDS;

/** A hash whose lowest bits depend on all others: ids of connections have much in common. */
const spread = (name: string): number => {
  const hash = Math.imul(hashOf(name), 0x9e3779b1);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** Sorts by time: ten digits of epoch seconds last until the year 2286. */
export const deadlineKey = (deadline: number): string => String(deadline).padStart(10, "0");

/** That a connection has to be looked at when `deadline` (epoch seconds) has passed. */
export const registrationKey = (connectionId: string, deadline: number): Key => ({
  pk: shardKey(shardOf(connectionId)),
  sk: `${deadlineKey(deadline)}#${connectionId}`,
});
