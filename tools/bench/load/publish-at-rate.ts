import { setTimeout as sleep } from "node:timers/promises";
import type { PushIt } from "push-it-client";
import { roundTo2, type Percentiles, percentilesOf } from "../stats.js";

/** A load: who publishes to whom, how fast and for how long. */
export interface Load {
  publisher: PushIt;
  subscribers: readonly PushIt[];
  channel: string;
  perSecond: number;
  seconds: number;
  /** Size of the data that is published, besides what numbers it. @default 0 */
  bytes?: number;
  /** Told how much of the load has been published, from 0 to 1. */
  progress?(share: number): void;
}

/** What came of it. Times are milliseconds from when a publication was due. */
export interface RateResult {
  perSecond: number;
  /** What was acknowledged in a second, until the last acknowledgement. */
  achievedPerSecond: number;
  published: number;
  /** To each subscriber's own message. */
  received: Percentiles;
  /** To the publisher's answer. */
  acknowledged: Percentiles;
  /** To the last subscriber's message. */
  complete: Percentiles;
  /** Publications that were refused or not answered, by their code. */
  failed: Record<string, number>;
  /** Messages that did not arrive although their publication was acknowledged. */
  missing: number;
}

/** How long is waited for messages once all answers are there, in milliseconds. */
const DRAIN_MS = 5_000;

/** What is published. */
interface Numbered {
  run: string;
  n: number;
}

/** Counts what one load's publications come to. */
class DeliveryTally {
  readonly received: number[] = [];
  readonly acknowledged: number[] = [];
  readonly complete: number[] = [];
  readonly failed: Record<string, number> = {};
  /** When the last publication was acknowledged, on `performance`'s clock. */
  last = 0;
  readonly #heard = new Map<number, number>();
  #missing = 0;
  #all: (() => void) | undefined;

  /** @param due when each publication is due, on `performance`'s clock */
  constructor(
    private readonly subscribers: number,
    private readonly due: (n: number) => number,
  ) {}

  get missing(): number {
    return this.#missing;
  }

  onReceived(n: number): void {
    const took = performance.now() - this.due(n);
    this.received.push(took);
    const heard = (this.#heard.get(n) ?? 0) + 1;
    this.#heard.set(n, heard);
    if (heard === this.subscribers) this.complete.push(took);
    this.#missing -= 1;
    if (this.#missing === 0) this.#all?.();
  }

  onAcknowledged(n: number): void {
    this.last = performance.now();
    this.acknowledged.push(this.last - this.due(n));
    this.#missing += this.subscribers;
  }

  onFailed(code: string): void {
    this.failed[code] = (this.failed[code] ?? 0) + 1;
  }

  /** Waits until everything that was acknowledged has arrived, or until it is late. */
  async drained(): Promise<void> {
    const all = new Promise<void>((resolve) => (this.#all = resolve));
    const late = new AbortController();
    if (this.#missing > 0)
      await Promise.race([all, sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }
}

/**
 * Publishes at a fixed rate, whatever becomes of it: each publication has its time, and is measured from that time even
 * where it left later. So what makes a system stall is in the figures of all that it held up.
 * @example
 * await publishAt({ publisher, subscribers, channel: "bench", perSecond: 50, seconds: 5 });
 */
export const publishAtRate = async (load: Load): Promise<RateResult> => {
  const { publisher, subscribers, channel, perSecond, seconds, bytes = 0, progress } = load;
  const count = Math.max(1, Math.round(perSecond * seconds));
  const run = `${performance.now()}`;
  const begun = performance.now() + 10;
  const due = (n: number): number => begun + (n * 1000) / perSecond;
  const tally = new DeliveryTally(subscribers.length, due);
  const off = subscribers.map((subscriber) =>
    subscriber.channel<Numbered>(channel).on("message", ({ data }) => {
      if (data?.run === run) tally.onReceived(data.n);
    }),
  );
  const fill = "x".repeat(bytes);
  const publish = (n: number): Promise<void> =>
    publisher
      .channel(channel)
      .publish({ run, n, fill }, { echo: false })
      .then(
        () => tally.onAcknowledged(n),
        (error: { code?: string }) => tally.onFailed(error.code ?? "unknown"),
      );
  try {
    const answers: Promise<void>[] = [];
    for (let n = 0; n < count; n += 1) {
      const wait = due(n) - performance.now();
      if (wait > 0) await sleep(wait);
      answers.push(publish(n));
      progress?.((n + 1) / count);
    }
    await Promise.all(answers);
    await tally.drained();
  } finally {
    for (const remove of off) remove();
  }
  const { received, acknowledged, complete, failed, missing } = tally;
  return {
    perSecond,
    achievedPerSecond: roundTo2((acknowledged.length * 1000) / Math.max(1, tally.last - begun, seconds * 1000)),
    published: count,
    received: percentilesOf(received),
    acknowledged: percentilesOf(acknowledged),
    complete: percentilesOf(complete),
    failed,
    missing,
  };
};
