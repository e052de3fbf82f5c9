import { Duration } from "aws-cdk-lib";
import type { ChannelOptions } from "../../infra/index.js";

/** One channel of a chaos run. */
export interface ChaosChannel {
  name: string;
  /** Size of the history; absent: the channel has no history. */
  size?: number;
  /** Linger time in milliseconds; absent: the channel does not linger. */
  lingerMs?: number;
  presence?: { state: true };
  /** Relative share of the publications. */
  weight: number;
}

/**
 * More than a run publishes on one channel, so that no client falls too far behind and the table has the whole order.
 */
const WHOLE_RUN = 10_000;

/** So few that a client may miss messages while it reconnects, and must then be notified. */
const SHORT_HISTORY = 40;

/** The channels of a run. */
export const CHANNELS: readonly ChaosChannel[] = [
  { name: "log/a", size: WHOLE_RUN, weight: 14 },
  { name: "log/b", size: WHOLE_RUN, weight: 14 },
  { name: "log/gathered", size: WHOLE_RUN, lingerMs: 200, weight: 12 },
  { name: "log/short", size: SHORT_HISTORY, weight: 8 },
  { name: "guarded/a", size: WHOLE_RUN, weight: 10 },
  { name: "present/a", size: WHOLE_RUN, presence: { state: true }, weight: 8 },
  { name: "slow/a", size: WHOLE_RUN, weight: 8 },
  { name: "spread/a", size: WHOLE_RUN, weight: 8 },
  { name: "private/a", size: WHOLE_RUN, weight: 8 },
  { name: "plain/a", weight: 10 },
  { name: "plain/gathered", lingerMs: 200, weight: 8 },
];

/** The `channels` prop of the construct. */
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

/** The wildcards that clients subscribe to and that the construct enables. */
export const WILDCARDS: readonly string[] = [...new Set(CHANNELS.map(({ name }) => name.replace(/[^/]+$/, "*")))];
