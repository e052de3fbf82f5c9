import { type Duration, Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import type { ChannelPatterns, ChannelSettings, HistorySettings } from "../../protocol/channel-settings.js";
import { isWildcard, type Limits, isAllowedChannelName } from "../../protocol/index.js";
import { validationError } from "./validation-error.js";
import { HISTORY_SECONDS, HISTORY_SIZE, LINGER_MS, MOST_SHARDS } from "./limits.js";

/** What can be said of the channels that a pattern matches. */
export interface ChannelOptions {
  /**
   * How long messages gather before they are delivered together, in order: 50 milliseconds to 5 seconds. For channels
   * with many messages a second, whose subscribers then get a frame for each such window instead of one for each message.
   *
   * @default - every message is delivered at once
   */
  readonly linger?: Duration;
  /**
   * Whether who subscribes gets the channel's last message with the answer. Costs a write unit for each publication
   * whose message is small (under about 800 bytes), and one more for each further KB. The message is kept for 24 hours.
   *
   * @default false
   */
  readonly latest?: boolean;
  /**
   * How much of what is published is kept, for who was away: each subscriber then has every message exactly once, in
   * order, across reconnections, or is told what it missed. Costs a publication three write units while its message is
   * small (under about 800 bytes), and a subscription a read.
   *
   * @default - nothing is kept
   */
  readonly history?: HistoryOptions;
  /**
   * Whether the channel tells who is subscribed to it, and who comes and goes.
   *
   * @default false
   */
  readonly presence?: boolean;
  /**
   * How many partitions of the table the channel's subscribers are spread over: 2, 4, 8, 16, 32 or 64. A partition takes
   * 1,000 subscriptions a second, so this is for channels with tens of thousands of subscribers that may all come at
   * once. Each shard is one more Query for each publication. Wildcards below the pattern are spread, too.
   *
   * It can be raised at any time. After lowering it, subscribers in shards that are no longer read hear nothing until
   * they connect again, two hours later at most.
   *
   * @default - one
   */
  readonly shards?: number;
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

/** The options of channels by pattern, for the functions. Throws where they are impossible. */
export const resolveChannels = (
  scope: IConstruct,
  channels: { readonly [pattern: string]: ChannelOptions } = {},
  limits: Limits,
): ChannelPatterns =>
  Object.fromEntries(
    Object.entries(channels).map(([pattern, options]): [string, ChannelSettings] => {
      const name = isWildcard(pattern) ? pattern.slice(0, -2) : pattern;
      if (Token.isUnresolved(pattern) || !isAllowedChannelName({ limits }, name)) {
        throw validationError(
          scope,
          `channels: "${pattern}" is neither a channel name (within limits) nor one followed by "/*", such as "prices/*"`,
        );
      }
      const { linger, latest, history, presence, shards } = options;
      if (Token.isUnresolved(latest))
        throw validationError(scope, `channels["${pattern}"].latest must be known at synthesis`);
      if (Token.isUnresolved(presence))
        throw validationError(scope, `channels["${pattern}"].presence must be known at synthesis`);
      const settled: ChannelSettings = {
        ...(linger && { lingerMs: lingerOf(scope, pattern, linger) }),
        ...(latest && { latest }),
        ...(history && { history: historyOf(scope, pattern, history) }),
        ...(presence && { presence }),
        ...(shards !== undefined && { shards: shardsOf(scope, pattern, shards) }),
      };
      return [pattern, settled];
    }),
  );

const shardsOf = (scope: IConstruct, pattern: string, shards: number): number => {
  const prop = `channels["${pattern}"].shards`;
  if (Token.isUnresolved(shards)) throw validationError(scope, `${prop} must be known at synthesis`);
  // A power of two: so it is known where a subscriber was when there were fewer.
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

/** How much of a channel is kept where nothing else is said. */
const HISTORY: HistorySettings = { size: 1_000, seconds: 24 * 60 * 60 };

const historyOf = (
  scope: IConstruct,
  pattern: string,
  { size = HISTORY.size, ttl }: HistoryOptions,
): HistorySettings => {
  const prop = `channels["${pattern}"].history`;
  if (Token.isUnresolved(size) || ttl?.isUnresolved())
    throw validationError(scope, `${prop} must be known at synthesis`);
  const seconds = ttl?.toSeconds({ integral: false }) ?? HISTORY.seconds;
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
