import type { Undelivered } from "./broadcast.js";
import type { Clock, Log, Subscriber } from "../ports.js";
import { type Publication, type Recipient, uuidsOf } from "./recipients.js";
import {
  type Deadlines,
  EXPIRED_DEADLINES,
  type Segment,
  SEGMENT_RECIPIENTS,
  type SegmentQueuePort,
  segmentsFor,
} from "./segments.js";

/**
 * How long workers retry a recipient after its first failure, in milliseconds. A client that reads nothing for so long is
 * closed, so that it costs no more. It is retried at least once in that time.
 */
export const SLOW_CLIENT_GRACE_MS = 30_000;

/** Enqueues recipients for workers, as soon as there are enough for a segment. */
export class SegmentDispatcher {
  /** How many segments were enqueued. */
  count = 0;
  readonly #segments: SegmentQueuePort;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Pick<Log, "error">;
  readonly #segment: Segment;
  readonly #gathered = new Map<readonly Publication[], Subscriber[]>();
  readonly #sending: Promise<Segment[]>[] = [];

  /** @param segment the segment in delivery, with its deadlines */
  constructor(
    { segments, clock, log }: { segments: SegmentQueuePort; clock: Pick<Clock, "now">; log: Pick<Log, "error"> },
    segment: Segment,
  ) {
    this.#segments = segments;
    this.#clock = clock;
    this.#log = log;
    this.#segment = segment;
  }

  /** Adds recipients that a worker has to serve. */
  add(recipients: readonly Recipient[]): void {
    for (const { subscriber, publications } of recipients) {
      const others = this.#gathered.get(publications) ?? [];
      others.push(subscriber);
      this.#gathered.set(publications, others);
      if (others.length < SEGMENT_RECIPIENTS) continue;
      this.#send(segmentsFor(publications, others, this.#deadlines));
      this.#gathered.delete(publications);
    }
  }

  /** Enqueues all subscribers behind a connection id, which have not been read. */
  enqueueUnread(after: string): void {
    this.#send(segmentsFor(this.#segment.publications, { after }, this.#deadlines));
  }

  /**
   * Enqueues recipients that were not reached, with all that were added before.
   * @param pause how long workers wait before the retry, and whether the account's rate was the cause. In that case
   * recipients are not slow: they keep the deadline of all others, unless an earlier worker found them slow
   */
  enqueueUndelivered(
    { untried: waiting, retryable: slow }: Undelivered,
    { delaySeconds, throttled }: { delaySeconds: number; throttled: boolean },
  ): void {
    this.add(waiting);
    this.#flush(this.#deadlines, 0);
    this.add(slow);
    const account = throttled && this.#segment.slowUntil === undefined;
    this.#flush(account ? this.#deadlines : this.#slowDeadlines(delaySeconds), delaySeconds);
  }

  /**
   * Waits until everything is enqueued.
   * @returns the recipients that could not be enqueued
   * @throws Error if subscribers that were not read could not be enqueued
   */
  async done(): Promise<Recipient[]> {
    const failed = (await Promise.all(this.#sending)).flat();
    this.count -= failed.length;
    return failed.flatMap(({ publications, recipients }) => {
      if ("after" in recipients) throw new Error("could not enqueue the remaining subscribers (SQS failed)");
      return recipients.map((subscriber) => ({ subscriber, publications }));
    });
  }

  get #deadlines(): Deadlines {
    const { until, slowUntil } = this.#segment;
    return slowUntil === undefined ? { until } : { until, slowUntil };
  }

  /** The deadlines of recipients whose posts just failed. If the next worker comes too late for a retry, it only closes. */
  #slowDeadlines(delaySeconds: number): Deadlines {
    const now = this.#clock.now();
    const { until, slowUntil = now + SLOW_CLIENT_GRACE_MS } = this.#segment;
    return now + delaySeconds * 1_000 >= slowUntil ? EXPIRED_DEADLINES : { until, slowUntil };
  }

  #flush(deadlines: Deadlines, delaySeconds: number): void {
    for (const [publications, subscribers] of this.#gathered) {
      this.#send(segmentsFor(publications, subscribers, deadlines), delaySeconds);
    }
    this.#gathered.clear();
  }

  #send(segments: Segment[], delaySeconds = 0): void {
    this.count += segments.length;
    const sent = this.#segments.send(segments, delaySeconds).catch((error: unknown) => {
      this.#log.error("hand_on_failed", {
        segments: segments.length,
        ...uuidsOf(segments[0]?.publications ?? []),
        error: String(error),
      });
      return segments;
    });
    this.#sending.push(sent);
  }
}
