import { type Duration, Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { isChannelOf } from "../lambdas/core/channels.js";
import type { ChannelOptions as SettledOptions, ChannelPatterns } from "../lambdas/core/channel-options.js";
import { isWildcard, type Limits } from "../protocol/index.js";
import { invalid } from "./invalid.js";
import { LINGER_MS, MOST_SHARDS } from "./limits.js";

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

/** The options of channels by pattern, for the functions. Throws where they are impossible. */
export const channelsOf = (
  scope: IConstruct,
  channels: { readonly [pattern: string]: ChannelOptions } = {},
  limits: Limits,
): ChannelPatterns =>
  Object.fromEntries(
    Object.entries(channels).map(([pattern, options]): [string, SettledOptions] => {
      const name = isWildcard(pattern) ? pattern.slice(0, -2) : pattern;
      if (Token.isUnresolved(pattern) || !isChannelOf({ limits }, name)) {
        throw invalid(
          scope,
          `channels: "${pattern}" is neither a channel name (within limits) nor one followed by "/*", such as "prices/*"`,
        );
      }
      const { linger, latest, shards } = options;
      if (Token.isUnresolved(latest)) throw invalid(scope, `channels["${pattern}"].latest must be known at synthesis`);
      return [
        pattern,
        {
          ...(linger && { lingerMs: lingerOf(scope, pattern, linger) }),
          ...(latest && { latest }),
          ...(shards !== undefined && { shards: shardsOf(scope, pattern, shards) }),
        },
      ];
    }),
  );

const shardsOf = (scope: IConstruct, pattern: string, shards: number): number => {
  const prop = `channels["${pattern}"].shards`;
  if (Token.isUnresolved(shards)) throw invalid(scope, `${prop} must be known at synthesis`);
  // A power of two: so it is known where a subscriber was when there were fewer.
  if (Number.isInteger(Math.log2(shards)) && shards >= 1 && shards <= MOST_SHARDS) return shards;
  throw invalid(scope, `${prop} is ${shards}, but must be a power of two from 1 to ${MOST_SHARDS}`);
};

const lingerOf = (scope: IConstruct, pattern: string, linger: Duration): number => {
  const prop = `channels["${pattern}"].linger`;
  if (linger.isUnresolved()) throw invalid(scope, `${prop} must be known at synthesis`);
  const value = linger.toMilliseconds({ integral: false });
  const { least, most } = LINGER_MS;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(scope, `${prop} is ${value} ms, but must be whole milliseconds from ${least} to ${most}`);
};
