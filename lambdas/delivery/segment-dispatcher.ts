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
 * How long a recipient that was tried in vain is tried further, by workers, in milliseconds: a client that reads nothing
 * for so long is closed, so that it costs no more. It is tried at least once in that time.
 */
export const SLOW_CLIENT_GRACE_MS = 30_000;

/** Hands recipients on to workers, as soon as there are enough for a segment. */
export class SegmentDispatcher {
  /** How many segments were handed on. */
  count = 0;
  readonly #segments: SegmentQueuePort;
  readonly #clock: Pick<Clock, "now">;
  readonly #log: Pick<Log, "error">;
  readonly #segment: Segment;
  readonly #gathered = new Map<readonly Publication[], Subscriber[]>();
  readonly #sending: Promise<Segment[]>[] = [];

  /** @param segment what is being delivered, and until when */
  constructor(
    { segments, clock, log }: { segments: SegmentQueuePort; clock: Pick<Clock, "now">; log: Pick<Log, "error"> },
    segment: Segment,
  ) {
    this.#segments = segments;
    this.#clock = clock;
    this.#log = log;
    this.#segment = segment;
  }

  /** Recipients that somebody else is to reach. */
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

  /** All subscribers behind a connection id, who have not been read. */
  enqueueUnread(after: string): void {
    this.#send(segmentsFor(this.#segment.publications, { after }, this.#deadlines));
  }

  /**
   * Recipients that were not reached, and goes with all that has been gathered.
   * @param pause how long workers leave those alone that were tried in vain, and whether that was the account's rate:
   * then they are no slower than others, and are tried as long as everybody, unless an earlier worker found them slow
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
   * Waits until everything is handed on.
   * @returns the recipients that could not be
   * @throws Error where those could not be who have not been read
   */
  async done(): Promise<Recipient[]> {
    const failed = (await Promise.all(this.#sending)).flat();
    this.count -= failed.length;
    return failed.flatMap(({ publications, recipients }) => {
      if ("after" in recipients) throw new Error("subscribers that were not read could not be handed on");
      return recipients.map((subscriber) => ({ subscriber, publications }));
    });
  }

  get #deadlines(): Deadlines {
    const { until, slowUntil } = this.#segment;
    return slowUntil === undefined ? { until } : { until, slowUntil };
  }

  /** Of recipients that were just tried in vain. If the next worker came too late to try again, it is only to close. */
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
