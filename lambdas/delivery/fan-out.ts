import { prefetch } from "./prefetch.js";
import { Broadcast, type Delivered, type ReplyRecipient } from "./broadcast.js";
import { SegmentDispatcher } from "./segment-dispatcher.js";
import type { SerializedMessage } from "./serialize.js";
import type { Dependencies } from "../dependencies.js";
import { type Publication, type Recipient, recipientsOf, uuidsOf } from "./recipients.js";
import type { Segment } from "./segments.js";

/** The ports of a fan-out. */
export type FanOutDependencies = Pick<
  Dependencies,
  "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
>;

/** The result of a fan-out. */
export interface FanOutResult extends Delivered {
  /** How many segments were enqueued; a worker delivers each. */
  enqueued: number;
  /** The messages that go with the reply to the publisher. */
  own: readonly SerializedMessage[];
}

/** The share of a fan-out's time for delivery guards; the rest is for posting the messages that they permitted. */
const GUARDS_SHARE = 0.5;

/** The share of a fan-out's time for reading subscribers and starting posts; the rest is for enqueuing the remainder. */
export const POSTS_SHARE = 0.75;

/** How long a publishing function retries a recipient, in milliseconds. */
export const PUBLISHER_RETRY_BUDGET_MS = 250;

/** How long a worker retries a recipient: longer than the longest pause between two attempts, in milliseconds. */
export const WORKER_RETRY_BUDGET_MS = 2_500;

/** The maximum of subscribers that one worker enqueues before another continues. This bounds the duplicates after a crash. */
export const MAX_ENQUEUED_PER_WORKER = 50_000;

/** How long workers wait before they retry recipients that another worker could not reach, in seconds. */
export const WORKER_PAUSE_SECONDS = 5;

/**
 * How long they wait if the account's rate was the cause. It recovers within a second, so a longer wait gains nothing.
 */
const THROTTLED_PAUSE_SECONDS = 1;

/**
 * How long to wait before a retry of failed recipients, in seconds. If most other posts succeeded, the account's rate was
 * the cause. A worker whose recipients are all slow clients also sees 429s spread, but few of its posts succeed.
 * @param delaySeconds the wait for slow clients
 */
export const pauseOf = (
  delaySeconds: number,
  { throttled, sent, slow }: { throttled: boolean; sent: number; slow: number },
): number => (throttled && sent > slow ? Math.min(delaySeconds, THROTTLED_PAUSE_SECONDS) : delaySeconds);

/**
 * The maximum age of a message when a worker receives it, in milliseconds (docs/PROTOCOL.md, "How late, and how often").
 * After that, a worker posts no more: it closes the connections that were not reached.
 */
export const DELIVERY_DEADLINE_MS = 300_000;

/**
 * Delivers publications to their subscribers. It reads the subscribers with strong consistency, and posts to the first of
 * them while it reads more. It enqueues the others for workers: subscribers beyond the threshold, and failed ones.
 * When this returns, each subscriber has received the messages, is gone, was closed, or is in the queue.
 * @param own the connection whose messages are returned, to go with its reply
 * @throws the store's error, and an error if subscribers that were not read could not be enqueued
 */
export const fanOut = async (
  system: FanOutDependencies,
  publications: readonly Publication[],
  own?: ReplyRecipient,
): Promise<FanOutResult> => {
  if (publications.length === 0) return { ...NOTHING };
  const segment: Segment = {
    publications,
    recipients: { after: "" },
    until: system.clock.now() + DELIVERY_DEADLINE_MS,
  };
  return deliver(system, segment, {
    retryBudgetMs: PUBLISHER_RETRY_BUDGET_MS,
    delaySeconds: 0,
    ...(own ? { own } : {}),
  });
};

/** Delivers a segment that a fan-out has enqueued, and enqueues the remainder. Throws if SQS should deliver it again. */
export const deliverSegment = (system: FanOutDependencies, segment: Segment): Promise<FanOutResult> =>
  deliver(system, segment, { retryBudgetMs: WORKER_RETRY_BUDGET_MS, delaySeconds: WORKER_PAUSE_SECONDS });

const NOTHING: FanOutResult = { sent: 0, gone: 0, failed: 0, enqueued: 0, own: [] };

const deliver = async (
  system: FanOutDependencies,
  segment: Segment,
  { retryBudgetMs, delaySeconds, own }: { retryBudgetMs: number; delaySeconds: number; own?: ReplyRecipient },
): Promise<FanOutResult> => {
  const { clock, log, settings } = system;
  const begun = clock.now();
  const postsUntil = begun + settings.fanOutMs * POSTS_SHARE;
  const guardsUntil = begun + settings.fanOutMs * GUARDS_SHARE;
  const broadcast = new Broadcast(system, { guardsUntil, postsUntil, retryBudgetMs }, own);
  const dispatcher = new SegmentDispatcher(system, segment);
  try {
    if (begun >= segment.until) await broadcast.closeUndelivered(await allRecipients(system, segment));
    else await partition(system, segment, { broadcast, dispatcher, postsUntil, own });
  } finally {
    // Also if reading failed: the recipients found so far are served, and Lambda freezes work that it does not await.
    await broadcast.done();
    const { throttled, undelivered, delivered } = broadcast;
    dispatcher.enqueueUndelivered(undelivered, {
      throttled,
      delaySeconds: pauseOf(delaySeconds, { throttled, sent: delivered.sent, slow: undelivered.retryable.length }),
    });
    await broadcast.closeUndelivered(await dispatcher.done());
  }
  const result = { ...broadcast.delivered, enqueued: dispatcher.count };
  if (result.failed > 0 || result.gone > 0 || result.enqueued > 0)
    log.info("fan_out", { ...result, ...uuidsOf(segment.publications) });
  return { ...result, own: broadcast.own };
};

/** Splits the recipients: this function serves as many as the threshold allows, workers serve the others. */
const partition = async (
  system: FanOutDependencies,
  segment: Segment,
  to: { broadcast: Broadcast; dispatcher: SegmentDispatcher; postsUntil: number; own: ReplyRecipient | undefined },
): Promise<void> => {
  const { recipients } = segment;
  let room = "after" in recipients ? system.settings.fanOutThreshold : Infinity;
  let unread = "after" in recipients && recipients.after !== "" ? MAX_ENQUEUED_PER_WORKER : Infinity;
  for await (const page of recipientPages(system, segment)) {
    const beyond = page.slice(room);
    // The publisher receives its messages with the reply, whatever its place among the subscribers.
    const answered = beyond.findIndex(({ subscriber }) => subscriber.connectionId === to.own?.connectionId);
    to.broadcast.add([...page.slice(0, room), ...(answered < 0 ? [] : beyond.splice(answered, 1))]);
    to.dispatcher.add(beyond);
    room = Math.max(0, room - page.length);
    const last = page.at(-1);
    unread -= page.length;
    if ((system.clock.now() < to.postsUntil && unread > 0) || !last) continue;
    to.dispatcher.enqueueUnread(last.subscriber.connectionId);
    return;
  }
};

/** The recipients of a segment, page by page. The next page is read while one page is served. */
const recipientPages = (system: FanOutDependencies, segment: Segment): AsyncIterable<Recipient[]> | Recipient[][] => {
  const { publications, recipients } = segment;
  if (!("after" in recipients)) return [recipients.map((subscriber) => ({ subscriber, publications }))];
  return prefetch(recipientsOf(system.store, system.settings.wildcards, publications, recipients.after));
};

/** All recipients of a segment. */
const allRecipients = async (system: FanOutDependencies, segment: Segment): Promise<Recipient[]> => {
  const all: Recipient[] = [];
  for await (const page of recipientPages(system, segment)) all.push(...page);
  return all;
};
