import {
  LATENCY_MS,
  type Cpu,
  CPU,
  cpuShare,
  DELIVERY_DEADLINE_MS,
  OWN_RECIPIENTS,
  RETRY_BUDGET_MS,
  POSTS_MS,
  READ_UNIT_BYTES,
  ROW_BYTES,
  SEGMENT_RECIPIENTS,
  SLOW_CLIENT_GRACE_MS,
} from "./model.js";
import { pauseOf, WORKER_PAUSE_SECONDS } from "../../../lambdas/delivery/fan-out.js";
import { noUnits, RECEIVE_SEGMENT_REQUESTS, SEND_SEGMENT_REQUESTS, type Units, usdOf } from "../units.js";
import { Cursor } from "./cursor.js";
import { backoffMs, PostingFunction } from "./posting-function.js";
import type { Quotas } from "./quotas.js";
import { seeded } from "../../lib/random.js";
import { TimingWheel } from "./timing-wheel.js";
import { TokenBucket } from "./token-bucket.js";
import { type Segment, WorkQueue } from "./work-queue.js";

/** The result of one publication. */
export interface PublishResult {
  /** From the publish frame to the last subscriber that got it, in milliseconds. */
  lastDeliveryMs: number;
  /** From the publish frame to the publisher's acknowledgement, in milliseconds. */
  acknowledgedMs: number;
  usd: number;
  used: Units;
  /** Subscribers that received it, and subscribers that were closed because they could not be reached in time. */
  delivered: number;
  closed: number;
  /** Refused posts, and maximum parallel workers. */
  refused: number;
  workers: number;
}

/** Options for tests. */
export interface PublishOptions {
  cpu?: Cpu;
  latency?: typeof LATENCY_MS;
  /** Recipients that the publish function posts to itself. */
  own?: number;
  seed?: number;
}

/** Resolution of time, and how far ahead events are planned, in milliseconds. */
const RESOLUTION_MS = 0.1;
const HORIZON_MS = 60_000;

/** Polling interval of the queue, in milliseconds. */
const POLL_MS = 1;

/** The SDK's first delay before it repeats a throttled read, in milliseconds; doubles. */
const THROTTLED_MS = 500;

/** Simulates one publication to a channel on an idle system. */
export const simulatePublish = (subscribers: number, quotas: Quotas, options: PublishOptions = {}): PublishResult => {
  const { cpu = CPU, latency = LATENCY_MS, own = OWN_RECIPIENTS, seed = 1 } = options;
  const random = seeded(seed);
  const requests = new TokenBucket(quotas.requestsPerSecond, quotas.requestBurst);
  const partitions = Array.from(
    { length: quotas.shards },
    () => new TokenBucket(quotas.partitionReads, quotas.partitionReads),
  );
  const table = new TokenBucket(quotas.tableReads, quotas.tableReads);
  const share = cpuShare(quotas.memoryMb);
  const queue = new WorkQueue();
  const used = noUnits();

  // Entities: the subscribers, one read for each shard, the poller of the queue, and starting workers.
  const reads = subscribers;
  const poll = reads + quotas.shards;
  const starts = poll + 1;
  const wheel = new TimingWheel(starts + quotas.concurrency, RESOLUTION_MS, HORIZON_MS);
  const clock = { now: () => wheel.now };
  const of = new Array<PostingFunction | undefined>(subscribers);
  const attempts = new Uint8Array(subscribers);
  const posting = new Uint8Array(subscribers);
  const triedUntil = new Float64Array(subscribers);
  const reached = new Uint8Array(subscribers);
  const result: PublishResult = {
    lastDeliveryMs: 0,
    acknowledgedMs: 0,
    usd: 0,
    used,
    delivered: 0,
    closed: 0,
    refused: 0,
    workers: 0,
  };

  let reader:
    { poster: PostingFunction; cursor: Cursor; room: number; attempts: number[]; beyond: number[] } | undefined;
  const starting: (Segment | undefined)[] = new Array<Segment | undefined>(quotas.concurrency);
  const places = Array.from({ length: quotas.concurrency }, (_, at) => quotas.concurrency - 1 - at);
  let running = 0;
  let warm = 0;
  let polling = false;

  /** Enqueues recipients in segments, as the product does. Batches are charged by their bytes. */
  const enqueue = (recipients: number[], until: number, delayMs: number, poster: PostingFunction): void => {
    for (let at = 0; at < recipients.length; at += SEGMENT_RECIPIENTS) {
      const part = recipients.slice(at, at + SEGMENT_RECIPIENTS);
      const sent = poster.compute(wheel.now, cpu.perEnqueueMicros * part.length) + latency.queue;
      queue.send({ recipients: part, until }, sent + delayMs);
      used.queueRequests += SEND_SEGMENT_REQUESTS;
      pollSoon();
    }
  };

  /** Polls regularly while the queue is not empty. */
  const pollSoon = (): void => {
    if (polling) return;
    polling = true;
    wheel.plan(poll, wheel.now + POLL_MS);
  };

  /** Receives as many segments as there are pollers, and polls again later. */
  const polled = (): void => {
    polling = false;
    const { first, perMinute, most } = quotas.pollers;
    const activeMs = wheel.now - (queue.activeSince ?? wheel.now);
    const pollers = Math.min(most, quotas.concurrency - 1, Math.floor(first + (perMinute * activeMs) / 60_000));
    while (running < pollers) {
      const segment = queue.receive(wheel.now);
      if (!segment) break;
      const place = places.pop()!;
      starting[place] = segment;
      running += 1;
      result.workers = Math.max(result.workers, running);
      const cold = warm > 0 ? 0 : latency.coldStart;
      warm = Math.max(0, warm - 1);
      used.queueRequests += RECEIVE_SEGMENT_REQUESTS;
      wheel.plan(starts + place, wheel.now + latency.poll + latency.invoke + cold);
    }
    if (!queue.empty) pollSoon();
  };

  const startWorker = (place: number): void => {
    const { recipients, cursor, until } = starting[place]!;
    places.push(place);
    const poster = new PostingFunction(clock, false, until, share, cursor ? [] : recipients);
    if (cursor) readOn(poster, cursor);
    fill(poster);
  };

  const fill = (poster: PostingFunction): void => {
    const postsUntil = Math.min(poster.begunAt + POSTS_MS, poster.until);
    for (let recipient = poster.next(); recipient >= 0; recipient = poster.next()) {
      of[recipient] = poster;
      const first = attempts[recipient] === 0;
      if (wheel.now >= (first ? postsUntil : triedUntil[recipient]!)) {
        (first ? poster.untried : poster.retryable).push(recipient);
        continue;
      }
      poster.inFlight += 1;
      posting[recipient] = 1;
      wheel.plan(recipient, poster.compute(wheel.now, cpu.perPostMicros) + latency.post);
    }
    if (poster.idle) ended(poster);
  };

  /** A post has ended, or the delay after a refusal. */
  const happened = (recipient: number): void => {
    const poster = of[recipient]!;
    if (posting[recipient] === 0) {
      poster.waiting -= 1;
      poster.requeue(recipient);
      return fill(poster);
    }
    posting[recipient] = 0;
    poster.inFlight -= 1;
    const taken = requests.take(wheel.now);
    poster.concurrency.record(String(recipient), taken ? "sent" : "busy", attempts[recipient]! > 0);
    if (taken) {
      reached[recipient]! += 1;
      poster.sent += 1;
      result.delivered += 1;
      used.messages += 1;
      result.lastDeliveryMs = wheel.now;
    } else refused(recipient, poster);
    fill(poster);
  };

  const refused = (recipient: number, poster: PostingFunction): void => {
    result.refused += 1;
    const attempt = (attempts[recipient] = Math.min(255, attempts[recipient]! + 1));
    if (attempt === 1) {
      const retryBudgetMs = poster.publisher ? RETRY_BUDGET_MS.publisher : RETRY_BUDGET_MS.worker;
      triedUntil[recipient] = Math.min(poster.begunAt + POSTS_MS, poster.until, wheel.now + retryBudgetMs);
    }
    const wait = backoffMs(attempt, triedUntil[recipient]! - wheel.now, random());
    if (wait === undefined) return void poster.retryable.push(recipient);
    poster.waiting += 1;
    wheel.plan(recipient, wheel.now + wait);
  };

  /** A function has finished: enqueues its remaining recipients, or closes them if their time is over. */
  const ended = (poster: PostingFunction): void => {
    const { untried, retryable, publisher, until } = poster;
    for (const recipient of [...untried, ...retryable]) attempts[recipient] = 0;
    if (wheel.now >= until) result.closed += untried.length + retryable.length;
    else {
      enqueue(untried, until, 0, poster);
      const throttled = poster.concurrency.throttled;
      const pause = pauseOf(publisher ? 0 : WORKER_PAUSE_SECONDS, {
        throttled,
        sent: poster.sent,
        slow: retryable.length,
      });
      enqueue(retryable, throttled ? until : Math.min(until, wheel.now + SLOW_CLIENT_GRACE_MS), pause * 1_000, poster);
    }
    const end = poster.compute(wheel.now, 0) + (untried.length + retryable.length > 0 ? latency.queue : 0);
    untried.length = retryable.length = 0;
    used.invocations += 1;
    used.gbSeconds += ((end - poster.begunAt) / 1_000) * (quotas.memoryMb / 1_024);
    if (publisher) result.acknowledgedMs = end;
    else {
      running -= 1;
      warm += 1;
      if (!queue.empty) pollSoon();
    }
  };

  const readOn = (poster: PostingFunction, cursor: Cursor): void => {
    reader = { poster, cursor, room: own, attempts: new Array<number>(cursor.shards).fill(0), beyond: [] };
    for (let shard = 0; shard < cursor.shards; shard += 1) if (!cursor.ended(shard)) read(shard);
  };

  /** Requests a shard's next page. A partition without read units refuses. */
  const read = (shard: number): void => {
    const { cursor, poster, attempts: tried } = reader!;
    const { from, to } = cursor.page(shard);
    const units = Math.max(1, Math.ceil(((to - from) * ROW_BYTES) / READ_UNIT_BYTES));
    poster.reading += 1;
    if (!partitions[shard]!.take(wheel.now, units) || !table.take(wheel.now, units)) {
      tried[shard]! += 1;
      return wheel.plan(reads + shard, wheel.now + random() * THROTTLED_MS * 2 ** Math.min(5, tried[shard]!));
    }
    tried[shard] = 0;
    used.readUnits += units;
    const full = (to - from) / cursor.rows;
    const answered = wheel.now + latency.dynamoDb + (latency.page - latency.dynamoDb) * full;
    wheel.plan(reads + shard, poster.compute(answered, cpu.perRowMicros * (to - from)));
  };

  /** A page has arrived, or the delay after a refused read is over. */
  const hasRead = (shard: number): void => {
    const { poster, cursor, attempts: tried, beyond } = reader!;
    poster.reading -= 1;
    if (tried[shard]! > 0) return read(shard);
    const { from, to } = cursor.page(shard);
    cursor.advance(shard);
    for (let recipient = from; recipient < to; recipient += 1) {
      if (reader!.room > 0) {
        reader!.room -= 1;
        poster.add(recipient);
      } else beyond.push(recipient);
    }
    const whole = beyond.length - (beyond.length % SEGMENT_RECIPIENTS);
    enqueue(beyond.splice(0, whole), poster.until, 0, poster);
    if (wheel.now < poster.begunAt + POSTS_MS) {
      if (!cursor.ended(shard)) read(shard);
    } else if (poster.reading === 0 && !cursor.allEnded) {
      queue.send({ recipients: [], cursor, until: poster.until }, wheel.now + latency.queue);
      used.queueRequests += 1;
      pollSoon();
    }
    if (poster.reading === 0) enqueue(beyond.splice(0), poster.until, 0, poster);
    fill(poster);
  };

  requests.take(0);
  used.messages += 2;
  readOn(new PostingFunction(clock, true, DELIVERY_DEADLINE_MS, share), new Cursor(subscribers, quotas.shards));
  for (let entity = wheel.next(); entity >= 0; entity = wheel.next()) {
    if (entity < reads) happened(entity);
    else if (entity < poll) hasRead(entity - reads);
    else if (entity === poll) polled();
    else startWorker(entity - starts);
  }
  if (reached.some((times) => times > 1) || result.delivered + result.closed !== subscribers)
    throw new Error("a subscriber was reached twice, or forgotten");
  result.usd = usdOf(used);
  return result;
};
