import {
  DELIVERY_DEADLINE_MS,
  POSTS_SHARE,
  PUBLISHER_RETRY_BUDGET_MS,
  WORKER_RETRY_BUDGET_MS,
} from "../../../lambdas/delivery/fan-out.js";
import { SLOW_CLIENT_GRACE_MS } from "../../../lambdas/delivery/segment-dispatcher.js";
import { SEGMENT_RECIPIENTS } from "../../../lambdas/delivery/segments.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import {
  CALLS_MS,
  cpuShare,
  DYNAMODB_MS,
  POST_MICROS,
  READ_UNIT_BYTES,
  ROW_BYTES,
  SUBSCRIBE_CALLS,
} from "../../../local/commands/check/account/work.js";

// `push-it-cli check` uses these values too.
export { CALLS_MS, cpuShare, READ_UNIT_BYTES, ROW_BYTES, SUBSCRIBE_CALLS };

/**
 * Durations of calls in milliseconds, declared because loopback does not show AWS's times. `page` is a Query that fills
 * its 1 MB. `handshake` is a TCP, TLS and WebSocket handshake over the internet. `coldStart` is the start of an
 * environment. The last two are guesses.
 */
export const LATENCY_MS = {
  dynamoDb: DYNAMODB_MS,
  page: 20,
  post: 10,
  queue: 10,
  poll: 20,
  invoke: 10,
  coldStart: 250,
  handshake: 150,
  frame: 50,
};

/**
 * Bytes of a Query's page.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html
 */
const PAGE_BYTES = 1024 * 1024;

/** Rows of a full page. */
export const PAGE_ROWS = Math.floor(PAGE_BYTES / ROW_BYTES);

/** CPU of one whole vCPU, in microseconds. */
export interface Cpu {
  /**
   * CPU of one delivery: signing, sending and the response. `npm run bench -- fanout` measures about 50 for a delivery
   * to 10,000 subscribers (docs/PERFORMANCE.md), without TLS. That includes reading (`perRowMicros`), so a delivery
   * takes about 45. The rest is a guess for TLS and a slower core.
   */
  perPostMicros: number;
  /**
   * CPU of reading one subscriber: measured with a Query of 9,500 rows from a stub in the same process, on 2 cores with
   * Node 20.
   */
  perRowMicros: number;
  /** CPU of enqueuing one subscriber in a segment. */
  perEnqueueMicros: number;
}

export const CPU: Cpu = { perPostMicros: POST_MICROS, perRowMicros: 6.6, perEnqueueMicros: 0.5 };

// Constants of the product, imported so that they cannot differ.
export { DELIVERY_DEADLINE_MS, SEGMENT_RECIPIENTS, SLOW_CLIENT_GRACE_MS };

/** Subscribers that a reading function posts to itself; it enqueues the others. */
export const OWN_RECIPIENTS = DEFAULT_SETTINGS.fanOutThreshold;

/**
 * How long a function posts and reads before it enqueues the rest, in milliseconds: its share of the fan-out budget.
 */
export const POSTS_MS = DEFAULT_SETTINGS.fanOutMs * POSTS_SHARE;

/** How long one recipient is retried after its first failure, by the publisher and by a worker, in milliseconds. */
export const RETRY_BUDGET_MS = { publisher: PUBLISHER_RETRY_BUDGET_MS, worker: WORKER_RETRY_BUDGET_MS };

/** How long a publication with `history` takes until it is stored, in milliseconds: head, claim and message in turn. */
export const STORE_MS = 3 * LATENCY_MS.dynamoDb;
