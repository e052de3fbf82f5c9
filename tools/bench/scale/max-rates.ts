import { MAX_FRAME_BYTES } from "../../../protocol/index.js";
import { WRITE_UNIT_BYTES } from "../units.js";
import { CALLS_MS, LATENCY_MS, STORE_MS, SUBSCRIBE_CALLS } from "./model.js";
import { simulatePublish } from "./publish.js";
import type { Quotas } from "./quotas.js";
import { seeded } from "../../lib/random.js";
import { TokenBucket } from "./token-bucket.js";

/** The maximum sustained rate of a channel. */
export interface MaxRate {
  /** Publications or subscriptions a second. */
  perSecond: number;
  /**
   * The delay of a publication's last subscriber at the 99th percentile, or of a subscription's confirmation. In
   * milliseconds.
   */
  lateMs: number;
}

/** Default time for which a rate must be sustained, in milliseconds. */
export const SUSTAINED_MS = 20_000;

/** Maximum share of failed requests at a sustained rate. */
const FAILURES = 0.001;

/** The delay at a rate; `undefined`: not sustained. */
type Tried = number | undefined;

/** Finds the maximum sustained rate by bisection, to one per cent. */
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

/** A bucket without its initial tokens, for lasting rates. */
const drainedBucket = (perSecond: number): TokenBucket => {
  const bucket = new TokenBucket(perSecond, perSecond);
  bucket.take(0, perSecond);
  return bucket;
};

/** Random arrival times of requests at an average rate, in milliseconds. */
function* arrivals(perSecond: number, lastingMs: number, random: () => number): Generator<number> {
  for (let at = 100; at < lastingMs; at -= (Math.log(1 - random()) / perSecond) * 1_000) yield at;
}

/**
 * The maximum rate of subscriptions to one channel.
 * @param lastingMs for how long a rate must be sustained
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

/** A load on a channel with `linger`. */
export interface LingerLoad {
  subscribers: number;
  /** Size of one delivered message with its envelope. */
  bytes: number;
  /** Linger time in milliseconds. */
  lingerMs: number;
}

/**
 * The maximum rate of publications on a channel with `linger`. Each is written to and deleted from the log in one
 * partition. Each window goes to all subscribers in as few frames as possible. A flush that is longer than the window
 * extends the next window, whose frames are fuller.
 * @param lastingMs for how long a rate must be sustained
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
      // Posts share the account's rate with the publications.
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

/** A load on a channel with `history`. */
export interface HistoryLoad {
  /** Size of one stored message with its keys. */
  bytes: number;
  /** Messages in one frame. */
  perFrame: number;
}

/**
 * The maximum rate of publications on a channel with `history`. Each frame writes the channel's head, a single row.
 * Each message writes a row to the channel's message partition. Deduplication records are spread over the publishers'
 * partitions. A throttled write is answered `channel_busy`.
 * @param lastingMs for how long a rate must be sustained
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
