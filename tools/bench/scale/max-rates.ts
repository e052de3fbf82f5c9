import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { WRITE_UNIT_BYTES } from "../units.js";
import { CALLS_MS, LATENCY_MS, STORE_MS, SUBSCRIBE_CALLS } from "./model.js";
import { simulatePublish } from "./publish.js";
import type { Quotas } from "./quotas.js";
import { seeded } from "../../lib/random.js";
import { TokenBucket } from "./token-bucket.js";

/** What a channel sustains. */
export interface MaxRate {
  /** Publications or subscriptions a second. */
  perSecond: number;
  /** Until the last subscriber of a publication has it, at 99 of 100; until a subscription is confirmed. In milliseconds. */
  lateMs: number;
}

/** How long a rate has to be sustained, in milliseconds, where nothing else is said. */
export const SUSTAINED_MS = 20_000;

/** The share of requests that may fail at a rate that counts as sustained. */
const FAILURES = 0.001;

/** What came of a rate: `undefined` where it was not sustained. */
type Tried = number | undefined;

/** The highest rate that is sustained, found by halving; to one in a hundred. */
export const findMaxRate = (most: number, attempt: (perSecond: number) => Tried): MaxRate => {
  let [low, high, lateMs] = [0, most, 0];
  while (high - low > Math.max(1, high / 100)) {
    const middle = (low + high) / 2;
    const late = attempt(middle);
    if (late === undefined) high = middle;
    else [low, lateMs] = [middle, late];
  }
  return { perSecond: Math.round(low), lateMs: Math.round(lateMs) };
};

/** What lasts: without what there is in the beginning. */
const drainedBucket = (perSecond: number): TokenBucket => {
  const bucket = new TokenBucket(perSecond, perSecond);
  bucket.take(0, perSecond);
  return bucket;
};

/** Times of requests that come by chance, so many a second, in milliseconds. */
function* arrivals(perSecond: number, lastingMs: number, random: () => number): Generator<number> {
  for (let at = 100; at < lastingMs; at -= (Math.log(1 - random()) / perSecond) * 1_000) yield at;
}

/**
 * How many subscriptions to one channel a second are confirmed.
 * @param lastingMs how long a rate has to be sustained
 */
export const maxSubscribeRate = (quotas: Quotas, lastingMs = SUSTAINED_MS, seed = 1): MaxRate =>
  findMaxRate(1.2 * quotas.requestsPerSecond, (perSecond) => {
    const random = seeded(seed);
    const route = drainedBucket(quotas.throttling.subscribe.rateLimit);
    const requests = drainedBucket(quotas.requestsPerSecond);
    const table = drainedBucket(quotas.tableWrites);
    const partitions = Array.from({ length: quotas.shards }, () => drainedBucket(quotas.partitionWrites));
    if ((perSecond * CALLS_MS.subscribe) / 1_000 > quotas.concurrency) return undefined;
    let failed = 0;
    for (const at of arrivals(perSecond, lastingMs, random)) {
      const partition = partitions[Math.floor(random() * partitions.length)]!;
      const done = route.take(at) && requests.take(at) && partition.take(at) && table.take(at, SUBSCRIBE_CALLS.writes);
      if (!done && (failed += 1) > FAILURES * perSecond * (lastingMs / 1_000)) return undefined;
    }
    return CALLS_MS.subscribe + LATENCY_MS.frame;
  });

/** What is published on a channel with `linger`. */
export interface LingerLoad {
  subscribers: number;
  /** Of one message as it is delivered, its envelope included. */
  bytes: number;
  /** How long the first message of a window waits, in milliseconds. */
  lingerMs: number;
}

/**
 * How many publications a second a channel with `linger` delivers. Each is written to the channel's log and deleted from
 * it, in one partition; each window's go to every subscriber in as few frames as they fit. A flush that takes longer
 * than the window makes the next window longer, whose frames are fuller.
 * @param lastingMs how long a rate has to be sustained
 */
export const maxLingerRate = (
  { subscribers, bytes, lingerMs }: LingerLoad,
  quotas: Quotas,
  lastingMs = SUSTAINED_MS,
  seed = 1,
): MaxRate => {
  const { lastDeliveryMs, acknowledgedMs } = simulatePublish(
    subscribers,
    { ...quotas, requestsPerSecond: Infinity, requestBurst: Infinity },
    { seed },
  );
  const units = Math.ceil(bytes / WRITE_UNIT_BYTES);
  const perFrame = Math.max(1, Math.floor(MAX_FRAME_BYTES / bytes));
  return findMaxRate(Math.min(quotas.requestsPerSecond, 2 * quotas.partitionWrites), (perSecond) => {
    const random = seeded(seed);
    const log = drainedBucket(quotas.partitionWrites);
    const lateness: number[] = [];
    let [all, failed] = [0, 0];
    let [flushAt, waiting, freeAt, roomAt] = [0, 0, 0, 0];
    const flush = (): void => {
      const frames = Math.ceil(waiting / perFrame);
      // Posts share the account's rate with the publications themselves.
      const begun = Math.max(flushAt, roomAt);
      roomAt = begun + (subscribers * frames * 1_000) / Math.max(1, quotas.requestsPerSecond - perSecond);
      freeAt = begun + acknowledgedMs * frames;
      const last = Math.max(roomAt, begun + lastDeliveryMs * frames);
      lateness.push(last - flushAt + Math.max(lingerMs, LATENCY_MS.dynamoDb));
      for (let row = 0; row < waiting; row += 1) if (!log.take(flushAt, units)) failed += 1;
      waiting = 0;
    };
    for (const at of arrivals(perSecond, lastingMs, random)) {
      if (waiting > 0 && at >= flushAt) flush();
      all += 1;
      if (waiting === 0) flushAt = Math.max(at + lingerMs, freeAt);
      if (log.take(at, units)) waiting += 1;
      else failed += 1;
    }
    const sorted = [...lateness].sort((a, b) => a - b);
    const late = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    const growing = (lateness.at(-1) ?? 0) > 10 * (lateness[0] ?? 0) + lingerMs;
    return failed / all > FAILURES || growing ? undefined : late;
  });
};

/** What is published on a channel with `history`. */
export interface HistoryLoad {
  /** Of one message as it is stored, with its keys. */
  bytes: number;
  /** How many messages are in a frame. */
  perFrame: number;
}

/**
 * How many publications a second a channel with `history` takes. Each frame writes the channel's head, a single row, and
 * each message a row of the one partition where the channel's messages are; claims are spread over their publishers'.
 * What either does not take is answered `channel_busy`.
 * @param lastingMs how long a rate has to be sustained
 */
export const maxHistoryRate = (
  { bytes, perFrame }: HistoryLoad,
  quotas: Quotas,
  lastingMs = SUSTAINED_MS,
  seed = 1,
): MaxRate => {
  const units = Math.ceil(bytes / WRITE_UNIT_BYTES);
  return findMaxRate(4 * quotas.partitionWrites, (perSecond) => {
    const random = seeded(seed);
    const [head, messages, table] = [
      drainedBucket(quotas.partitionWrites),
      drainedBucket(quotas.partitionWrites),
      drainedBucket(quotas.tableWrites),
    ];
    let [all, busy] = [0, 0];
    for (const at of arrivals(perSecond / perFrame, lastingMs, random)) {
      all += perFrame;
      if (!head.take(at) || !table.take(at, 1)) {
        busy += perFrame;
        continue;
      }
      for (let message = 0; message < perFrame; message += 1) {
        if (!table.take(at, 1 + units) || !messages.take(at, units)) busy += 1;
      }
    }
    return busy / all > FAILURES ? undefined : STORE_MS;
  });
};
