import { NOTICED_AT_ONCE_MS, burstTimes } from "./scenarios.js";
import { DEFAULT_QUOTAS, QUOTA_INCREASES } from "./quotas.js";
import { simulateReconnect, type ReconnectResult } from "./reconnect.js";

/** A line: seconds since the first loss, and the percentage of restored subscribers. */
interface Timeline {
  name: string;
  points: [seconds: number, percent: number][];
  dashed?: boolean;
}

/** Number of points in a line. */
const POINTS = 40;

const lineOf = ({ timeline }: ReconnectResult, subscribers: number): [number, number][] => {
  const step = Math.max(1, Math.ceil(timeline.length / POINTS));
  const seconds = Array.from({ length: Math.ceil(timeline.length / step) }, (_, at) =>
    Math.min(timeline.length, (at + 1) * step),
  );
  return [
    [0, 0],
    ...seconds.map((second): [number, number] => [second, (100 * (timeline[second - 1] ?? 0)) / subscribers]),
  ];
};

/** How subscribers reconnect: after a loss, with raised quotas, and two hours after the loss. */
export const timelines = (subscribers: number): Timeline[] => {
  const raised = (["connectionsPerSecond", "throttling.subscribe", "partition", "tableThroughput"] as const).reduce(
    (quotas, lever) => QUOTA_INCREASES[lever](quotas, 10),
    DEFAULT_QUOTAS,
  );
  const storm = simulateReconnect(subscribers, DEFAULT_QUOTAS);
  const rotation = simulateReconnect(subscribers, DEFAULT_QUOTAS, {
    lostAt: burstTimes(storm.openedAt),
    noticedMs: NOTICED_AT_ONCE_MS,
    seed: 2,
  });
  return [
    { name: "all at once, default quotas", points: lineOf(storm, subscribers) },
    {
      name: "all at once; connections, subscriptions, table and shards ×10",
      points: lineOf(simulateReconnect(subscribers, raised), subscribers),
    },
    { name: "two hours later", points: lineOf(rotation, subscribers), dashed: true },
  ];
};
