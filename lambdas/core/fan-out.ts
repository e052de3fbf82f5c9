import { ahead } from "./ahead.js";
import { type Delivered, type Distributing, Distribution, type Own } from "./distribution.js";
import { HandOn } from "./hand-on.js";
import type { Packed } from "./pack.js";
import type { Store } from "./ports.js";
import { type Publication, type Recipient, recipientsOf, uuidsOf } from "./recipients.js";
import type { Segment, Segments } from "./segments.js";

/** What a fan-out needs. */
export interface FanOut extends Distributing {
  store: Distributing["store"] & Pick<Store, "subscribers">;
  /** Where goes what one Lambda does not do. */
  segments: Segments;
  settings: Distributing["settings"] & {
    /** How long all of it may take, in milliseconds. */
    fanOutMs: number;
    /** How many subscribers one Lambda posts to itself. */
    fanOutThreshold: number;
  };
}

/** What became of a fan-out. */
export interface FannedOut extends Delivered {
  /** How many segments were handed on; each is delivered by a worker. */
  handedOn: number;
  /** The messages of who is answered, for its answer. */
  own: readonly Packed[];
}

/** The share of a fan-out's time that delivery guards may use; the rest is for posting what they permitted. */
const GUARDS_SHARE = 0.5;

/** The share of a fan-out's time in which posts are begun and subscribers read; the rest is for handing on what is left. */
export const POSTS_SHARE = 0.75;

/** How long a publisher waits for recipients that fail at first, in milliseconds. */
export const PUBLISHER_PATIENCE_MS = 250;

/** How long a worker waits for them: longer than the longest pause between two attempts, in milliseconds. */
export const WORKER_PATIENCE_MS = 2_500;

/** How many subscribers a worker that reads on hands on, until another one does: what its crash repeats at most. */
export const READ_ON = 50_000;

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
export const LATEST_MS = 300_000;

/**
 * Brings publications to their subscribers: reads who they are (strongly consistent), and reaches the first of them
 * while it reads on; those beyond the threshold, and those who could not be reached at once, are handed on to workers.
 * When this returns, everybody has been posted to, is found gone, has been closed, or is in a worker's hands.
 * @param own whose messages are returned, to ride with its answer
 * @throws what the store threw, and where subscribers that were not even read could not be handed on
 */
export const fanOut = async (system: FanOut, publications: readonly Publication[], own?: Own): Promise<FannedOut> => {
  if (publications.length === 0) return { ...NOTHING };
  const segment: Segment = { publications, recipients: { after: "" }, until: system.clock.now() + LATEST_MS };
  return spread(system, segment, { patienceMs: PUBLISHER_PATIENCE_MS, delaySeconds: 0, ...(own ? { own } : {}) });
};

/** Delivers what a fan-out has handed on, and hands on what is left of it. Throws where it should be delivered again. */
export const deliverSegment = (system: FanOut, segment: Segment): Promise<FannedOut> =>
  spread(system, segment, { patienceMs: WORKER_PATIENCE_MS, delaySeconds: WORKER_PAUSE_SECONDS });

const NOTHING: FannedOut = { sent: 0, gone: 0, failed: 0, handedOn: 0, own: [] };

const spread = async (
  system: FanOut,
  segment: Segment,
  { patienceMs, delaySeconds, own }: { patienceMs: number; delaySeconds: number; own?: Own },
): Promise<FannedOut> => {
  const { clock, log, settings } = system;
  const begun = clock.now();
  const postsUntil = begun + settings.fanOutMs * POSTS_SHARE;
  const guardsUntil = begun + settings.fanOutMs * GUARDS_SHARE;
  const distribution = new Distribution(system, { guardsUntil, postsUntil, patienceMs }, own);
  const handOn = new HandOn(system, segment);
  try {
    if (begun >= segment.until) await distribution.giveUp(await listed(system, segment));
    else await assign(system, segment, { distribution, handOn, postsUntil, own });
  } finally {
    // Also where reading failed: whom it has found is reached, and what a Lambda leaves unawaited is frozen with it.
    await distribution.settled();
    const { throttled, left, delivered } = distribution;
    handOn.left(left, {
      throttled,
      delaySeconds: pauseOf(delaySeconds, { throttled, sent: delivered.sent, slow: left.slow.length }),
    });
    await distribution.giveUp(await handOn.settled());
  }
  const fannedOut = { ...distribution.delivered, handedOn: handOn.count };
  if (fannedOut.failed > 0 || fannedOut.gone > 0 || fannedOut.handedOn > 0)
    log.info("fan_out", { ...fannedOut, ...uuidsOf(segment.publications) });
  return { ...fannedOut, own: distribution.own };
};

/** Shares the recipients out: as many as the threshold says are reached here, the others go to workers. */
const assign = async (
  system: FanOut,
  segment: Segment,
  to: { distribution: Distribution; handOn: HandOn; postsUntil: number; own: Own | undefined },
): Promise<void> => {
  const { recipients } = segment;
  let room = "after" in recipients ? system.settings.fanOutThreshold : Infinity;
  let unread = "after" in recipients && recipients.after !== "" ? READ_ON : Infinity;
  for await (const page of pagesOf(system, segment)) {
    const beyond = page.slice(room);
    // Whoever is answered is reached by that, wherever it comes.
    const answered = beyond.findIndex(({ subscriber }) => subscriber.connectionId === to.own?.connectionId);
    to.distribution.add([...page.slice(0, room), ...(answered < 0 ? [] : beyond.splice(answered, 1))]);
    to.handOn.add(beyond);
    room = Math.max(0, room - page.length);
    const last = page.at(-1);
    unread -= page.length;
    if ((system.clock.now() < to.postsUntil && unread > 0) || !last) continue;
    to.handOn.rest(last.subscriber.connectionId);
    return;
  }
};

/** The recipients of a segment, page by page; while one page is dealt with, the next one is read. */
const pagesOf = (system: FanOut, segment: Segment): AsyncIterable<Recipient[]> | Recipient[][] => {
  const { publications, recipients } = segment;
  if (!("after" in recipients)) return [recipients.map((subscriber) => ({ subscriber, publications }))];
  return ahead(recipientsOf(system.store, system.settings.wildcards, publications, recipients.after));
};

/** All recipients of a segment. */
const listed = async (system: FanOut, segment: Segment): Promise<Recipient[]> => {
  const all: Recipient[] = [];
  for await (const page of pagesOf(system, segment)) all.push(...page);
  return all;
};
