import { prefetch } from "./prefetch.js";
import { Broadcast, type Delivered, type ReplyRecipient } from "./broadcast.js";
import { SegmentDispatcher } from "./segment-dispatcher.js";
import type { SerializedMessage } from "./serialize.js";
import type { Dependencies } from "../dependencies.js";
import { type Publication, type Recipient, recipientsOf, uuidsOf } from "./recipients.js";
import type { Segment } from "./segments.js";

/** What a fan-out needs. */
export type FanOutDependencies = Pick<
  Dependencies,
  "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
>;

/** What became of a fan-out. */
export interface FanOutResult extends Delivered {
  /** How many segments were handed on; each is delivered by a worker. */
  enqueued: number;
  /** The messages of who is answered, for its answer. */
  own: readonly SerializedMessage[];
}

/** The share of a fan-out's time that delivery guards may use; the rest is for posting what they permitted. */
const GUARDS_SHARE = 0.5;

/** The share of a fan-out's time in which posts are begun and subscribers read; the rest is for handing on what is left. */
export const POSTS_SHARE = 0.75;

/** How long a publisher waits for recipients that fail at first, in milliseconds. */
export const PUBLISHER_RETRY_BUDGET_MS = 250;

/** How long a worker waits for them: longer than the longest pause between two attempts, in milliseconds. */
export const WORKER_RETRY_BUDGET_MS = 2_500;

/** How many subscribers a worker that reads on hands on, until another one does: what its crash repeats at most. */
export const MAX_ENQUEUED_PER_WORKER = 50_000;

/** How long workers leave alone what another worker has tried in vain, in seconds. */
export const WORKER_PAUSE_SECONDS = 5;

/**
 * How long they do at most where that was the account's rate, which is there again within the second: who waits longer
 * is the last to be reached, for nothing.
 */
const THROTTLED_PAUSE_SECONDS = 1;

/**
 * How long recipients that were tried in vain are left alone, in seconds. It was the account's rate where most of the
 * others were taken: a worker that is given nothing but slow clients sees 429s spread, too, but hardly anybody is taken.
 * @param delaySeconds what slow clients are left alone for
 */
export const pauseOf = (
  delaySeconds: number,
  { throttled, sent, slow }: { throttled: boolean; sent: number; slow: number },
): number => (throttled && sent > slow ? Math.min(delaySeconds, THROTTLED_PAUSE_SECONDS) : delaySeconds);

/**
 * How late a message may be given to a worker at the latest, in milliseconds; docs/PROTOCOL.md, "How late, and how
 * often". A worker that comes later posts to nobody: whoever has not been reached is closed.
 */
export const DELIVERY_DEADLINE_MS = 300_000;

/**
 * Brings publications to their subscribers: reads who they are (strongly consistent), and reaches the first of them
 * while it reads on; those beyond the threshold, and those who could not be reached at once, are handed on to workers.
 * When this returns, everybody has been posted to, is found gone, has been closed, or is in a worker's hands.
 * @param own whose messages are returned, to ride with its answer
 * @throws what the store threw, and where subscribers that were not even read could not be handed on
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
  return deliver(system, segment, { patienceMs: PUBLISHER_RETRY_BUDGET_MS, delaySeconds: 0, ...(own ? { own } : {}) });
};

/** Delivers what a fan-out has handed on, and hands on what is left of it. Throws where it should be delivered again. */
export const deliverSegment = (system: FanOutDependencies, segment: Segment): Promise<FanOutResult> =>
  deliver(system, segment, { patienceMs: WORKER_RETRY_BUDGET_MS, delaySeconds: WORKER_PAUSE_SECONDS });

const NOTHING: FanOutResult = { sent: 0, gone: 0, failed: 0, enqueued: 0, own: [] };

const deliver = async (
  system: FanOutDependencies,
  segment: Segment,
  { patienceMs, delaySeconds, own }: { patienceMs: number; delaySeconds: number; own?: ReplyRecipient },
): Promise<FanOutResult> => {
  const { clock, log, settings } = system;
  const begun = clock.now();
  const postsUntil = begun + settings.fanOutMs * POSTS_SHARE;
  const guardsUntil = begun + settings.fanOutMs * GUARDS_SHARE;
  const distribution = new Broadcast(system, { guardsUntil, postsUntil, patienceMs }, own);
  const handOn = new SegmentDispatcher(system, segment);
  try {
    if (begun >= segment.until) await distribution.closeUndelivered(await allRecipients(system, segment));
    else await partition(system, segment, { distribution, handOn, postsUntil, own });
  } finally {
    // Also where reading failed: whom it has found is reached, and what a Lambda leaves unawaited is frozen with it.
    await distribution.done();
    const { throttled, undelivered: left, delivered } = distribution;
    handOn.enqueueUndelivered(left, {
      throttled,
      delaySeconds: pauseOf(delaySeconds, { throttled, sent: delivered.sent, slow: left.retryable.length }),
    });
    await distribution.closeUndelivered(await handOn.done());
  }
  const fannedOut = { ...distribution.delivered, enqueued: handOn.count };
  if (fannedOut.failed > 0 || fannedOut.gone > 0 || fannedOut.enqueued > 0)
    log.info("fan_out", { ...fannedOut, ...uuidsOf(segment.publications) });
  return { ...fannedOut, own: distribution.own };
};

/** Shares the recipients out: as many as the threshold says are reached here, the others go to workers. */
const partition = async (
  system: FanOutDependencies,
  segment: Segment,
  to: { distribution: Broadcast; handOn: SegmentDispatcher; postsUntil: number; own: ReplyRecipient | undefined },
): Promise<void> => {
  const { recipients } = segment;
  let room = "after" in recipients ? system.settings.fanOutThreshold : Infinity;
  let unread = "after" in recipients && recipients.after !== "" ? MAX_ENQUEUED_PER_WORKER : Infinity;
  for await (const page of recipientPages(system, segment)) {
    const beyond = page.slice(room);
    // Whoever is answered is reached by that, wherever it comes.
    const answered = beyond.findIndex(({ subscriber }) => subscriber.connectionId === to.own?.connectionId);
    to.distribution.add([...page.slice(0, room), ...(answered < 0 ? [] : beyond.splice(answered, 1))]);
    to.handOn.add(beyond);
    room = Math.max(0, room - page.length);
    const last = page.at(-1);
    unread -= page.length;
    if ((system.clock.now() < to.postsUntil && unread > 0) || !last) continue;
    to.handOn.enqueueUnread(last.subscriber.connectionId);
    return;
  }
};

/** The recipients of a segment, page by page; while one page is dealt with, the next one is read. */
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
