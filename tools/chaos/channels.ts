import { Duration } from "aws-cdk-lib";
import type { ChannelOptions } from "../../infra/index.js";

/** One channel of a chaos run. */
export interface ChaosChannel {
  name: string;
  /** How many of its messages are kept; absent: it is a plain channel. */
  size?: number;
  /** How long its messages gather, in milliseconds; absent: they do not. */
  lingerMs?: number;
  presence?: true;
  /** Its share of the publications, beside the others'. */
  weight: number;
}

/** More than a run publishes on any channel: nobody falls too far behind, and the table tells the whole order. */
const WHOLE_RUN = 10_000;

/** So few that whoever was away for a moment may have missed something, and must be told so. */
const SHORT_HISTORY = 40;

/** The channels of every run. */
export const CHANNELS: readonly ChaosChannel[] = [
  { name: "log/a", size: WHOLE_RUN, weight: 14 },
  { name: "log/b", size: WHOLE_RUN, weight: 14 },
  { name: "log/gathered", size: WHOLE_RUN, lingerMs: 200, weight: 12 },
  { name: "log/short", size: SHORT_HISTORY, weight: 8 },
  { name: "heard/a", size: WHOLE_RUN, weight: 10 },
  { name: "present/a", size: WHOLE_RUN, presence: true, weight: 8 },
  { name: "slow/a", size: WHOLE_RUN, weight: 8 },
  { name: "spread/a", size: WHOLE_RUN, weight: 8 },
  { name: "private/a", size: WHOLE_RUN, weight: 8 },
  { name: "plain/a", weight: 10 },
  { name: "plain/gathered", lingerMs: 200, weight: 8 },
];

/** The `channels` of the construct. */
export const channelOptions = (): Record<string, ChannelOptions> =>
  Object.fromEntries(
    CHANNELS.filter(({ size, lingerMs, presence }) => size ?? lingerMs ?? presence).map(
      ({ name, size, lingerMs, presence }) => [
        name,
        {
          ...(size !== undefined && { history: { size } }),
          ...(lingerMs !== undefined && { linger: Duration.millis(lingerMs) }),
          ...(presence && { presence }),
        },
      ],
    ),
  );

/** The wildcards that clients subscribe to, and the construct enables. */
export const WILDCARDS: readonly string[] = [...new Set(CHANNELS.map(({ name }) => name.replace(/[^/]+$/, "*")))];
