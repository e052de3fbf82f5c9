import { DEFAULT_HISTORY } from "../../protocol/deployment-defaults.js";
import { type Duration, Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { ChannelPatterns, ChannelSettings, HistorySettings } from "../../protocol/channel-settings.js";
import { isPattern } from "../../protocol/channel-patterns.js";
import { type Limits, isAllowedChannelName } from "../../protocol/index.js";
import { validationError } from "./validation-error.js";
import { HISTORY_SECONDS, HISTORY_SIZE, LINGER_MS, MOST_SHARDS } from "./limits.js";

/** The options of the channels that a pattern matches. */
export interface ChannelOptions {
  /**
   * How long messages are collected before they are delivered together, in order: 50 milliseconds to 5 seconds. For
   * channels with many messages a second: subscribers get one frame for each window instead of one for each message.
   *
   * @default - every message is delivered at once
   */
  readonly linger?: Duration;
  /**
   * Whether a new subscriber gets the channel's last message with the reply. Costs a write unit for each publication
   * with a small message (under about 800 bytes), and one more for each further KB. The message is kept for 24 hours.
   *
   * @default false
   */
  readonly latest?: boolean;
  /**
   * How many messages are kept, and for how long. Each subscriber then gets every message exactly once, in order,
   * across reconnections, or is notified of the gap. A publication with a small message (under about 800 bytes) costs
   * three write units, and a subscription costs a read.
   *
   * @default - nothing is kept
   */
  readonly history?: HistoryOptions;
  /**
   * Whether the channel has presence: a list of its members, and notifications of joins and leaves. With
   * `{ state: true }`, each member may have a state, such as `{ typing: true }`.
   *
   * @default false
   */
  readonly presence?: boolean | PresenceOptions;
  /**
   * Whether each message says who published it: `from` has the agent's id, and the `userId` and `info` that its
   * connection guard set. The server decides it, never a client. All subscribers see it, and histories keep it, unless a
   * delivery guard removes it.
   *
   * @default false
   */
  readonly from?: boolean;
  /**
   * How many partitions of the table the channel's subscribers are spread over: 2, 4, 8, 16, 32 or 64. A partition
   * takes 1,000 subscriptions a second, so this is for channels with tens of thousands of subscribers that may all
   * subscribe at once. Each shard is one more Query for each publication. Wildcards below the pattern are spread, too.
   *
   * It can be raised at any time. After lowering it, subscribers in shards that are no longer read receive no messages
   * until they reconnect, at most two hours later.
   *
   * @default - one
   */
  readonly shards?: number;
}

/** The presence of a channel. */
export interface PresenceOptions {
  /**
   * Whether each member may have a state of at most 512 bytes, such as `{ typing: true }`, which it changes at any time.
   * The channel's subscribers are notified of each change: that costs as much as a join.
   *
   * @default false
   */
  readonly state?: boolean;
}

/** How much of a channel's messages is kept. */
export interface HistoryOptions {
  /**
   * How many messages: 1 to 10,000.
   *
   * @default 1000
   */
  readonly size?: number;
  /**
   * How long each: a minute to 30 days.
   *
   * @default Duration.days(1)
   */
  readonly ttl?: Duration;
}

/** The options of channels by pattern, for the functions. Throws if they are invalid. */
export const resolveChannels = (
  scope: IConstruct,
  channels: { readonly [pattern: string]: ChannelOptions } = {},
  limits: Limits,
): ChannelPatterns =>
  Object.fromEntries(
    Object.entries(channels).map(([pattern, options]): [string, ChannelSettings] => {
      if (Token.isUnresolved(pattern) || !isPattern(pattern, (name) => isAllowedChannelName({ limits }, name))) {
        throw validationError(
          scope,
          `channels: "${pattern}" is neither a channel name (within limits) nor a pattern such as "prices/*" or "rooms/*/typing"`,
        );
      }
      const { linger, latest, history, presence, from, shards } = options;
      if (Token.isUnresolved(latest))
        throw validationError(scope, `channels["${pattern}"].latest must be known at synthesis`);
      if (Token.isUnresolved(from))
        throw validationError(scope, `channels["${pattern}"].from must be known at synthesis`);
      if (Token.isUnresolved(presence))
        throw validationError(scope, `channels["${pattern}"].presence must be known at synthesis`);
      const settled: ChannelSettings = {
        ...(linger && { lingerMs: lingerOf(scope, pattern, linger) }),
        ...(latest && { latest }),
        ...(history && { history: historyOf(scope, pattern, history) }),
        ...presenceOf(scope, pattern, presence),
        ...(from && { from }),
        ...(shards !== undefined && { shards: shardsOf(scope, pattern, shards) }),
      };
      return [pattern, settled];
    }),
  );

const presenceOf = (
  scope: IConstruct,
  pattern: string,
  presence: ChannelOptions["presence"],
): Pick<ChannelSettings, "presence" | "presenceState"> => {
  if (!presence) return {};
  const { state } = presence === true ? {} : presence;
  if (Token.isUnresolved(state))
    throw validationError(scope, `channels["${pattern}"].presence.state must be known at synthesis`);
  return { presence: true, ...(state && { presenceState: true }) };
};

const shardsOf = (scope: IConstruct, pattern: string, shards: number): number => {
  const prop = `channels["${pattern}"].shards`;
  if (Token.isUnresolved(shards)) throw validationError(scope, `${prop} must be known at synthesis`);
  // A power of two, so that the shard of a subscriber is also known for a smaller number of shards.
  if (Number.isInteger(Math.log2(shards)) && shards >= 1 && shards <= MOST_SHARDS) return shards;
  throw validationError(scope, `${prop} is ${shards}, but must be a power of two from 1 to ${MOST_SHARDS}`);
};

const lingerOf = (scope: IConstruct, pattern: string, linger: Duration): number => {
  const prop = `channels["${pattern}"].linger`;
  if (linger.isUnresolved()) throw validationError(scope, `${prop} must be known at synthesis`);
  const value = linger.toMilliseconds({ integral: false });
  const { least, most } = LINGER_MS;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw validationError(scope, `${prop} is ${value} ms, but must be whole milliseconds from ${least} to ${most}`);
};

const historyOf = (
  scope: IConstruct,
  pattern: string,
  { size = DEFAULT_HISTORY.size, ttl }: HistoryOptions,
): HistorySettings => {
  const prop = `channels["${pattern}"].history`;
  if (Token.isUnresolved(size) || ttl?.isUnresolved())
    throw validationError(scope, `${prop} must be known at synthesis`);
  const seconds = ttl?.toSeconds({ integral: false }) ?? DEFAULT_HISTORY.seconds;
  whole(scope, `${prop}.size is ${size}`, size, HISTORY_SIZE);
  whole(scope, `${prop}.ttl is ${seconds} seconds`, seconds, HISTORY_SECONDS);
  return { size, seconds };
};

const whole = (
  scope: IConstruct,
  found: string,
  value: number,
  { least, most }: { least: number; most: number },
): void => {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw validationError(scope, `${found}, but must be a whole number from ${least} to ${most}`);
};
