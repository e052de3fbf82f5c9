import { setImmediate as immediate, setTimeout as sleep } from "node:timers/promises";
import type { PushIt } from "push-it-client";
import { roundTo2, type Percentiles, percentilesOf } from "../stats.js";

/** A load: publisher, subscribers, rate and duration. */
export interface Load {
  publisher: PushIt;
  subscribers: readonly PushIt[];
  channel: string;
  perSecond: number;
  seconds: number;
  /** Size of the published data without its number. @default 0 */
  bytes?: number;
  /** Reports the published share of the load, from 0 to 1. */
  progress?(share: number): void;
}

/** The result of a load. Times are milliseconds from when a publication was due. */
export interface RateResult {
  perSecond: number;
  /** Acknowledgements a second, until the last one. */
  achievedPerSecond: number;
  published: number;
  /** Until each subscriber's message. */
  received: Percentiles;
  /** Until the publisher's acknowledgement. */
  acknowledged: Percentiles;
  /** Until the last subscriber's message. */
  complete: Percentiles;
  /** Failed publications by code. */
  failed: Record<string, number>;
  /** Missing messages of acknowledged publications. */
  missing: number;
}

/** Maximum time for messages after the last acknowledgement, in milliseconds. */
const DRAIN_MS = 30_000;

/** Publications in one turn of the event loop, if they are late. */
const PUBLICATIONS_PER_TURN = 100;

/** The published data. */
interface Numbered {
  run: string;
  n: number;
}

/** Counts the results of one load. */
class DeliveryTally {
  readonly received: number[] = [];
  readonly acknowledged: number[] = [];
  readonly complete: number[] = [];
  readonly failed: Record<string, number> = {};
  /** When the last publication was acknowledged, on `performance`'s clock. */
  last = 0;
  readonly #timesReceived = new Map<number, number>();
  readonly #acknowledged = new Set<number>();
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
    const times = (this.#timesReceived.get(n) ?? 0) + 1;
    this.#timesReceived.set(n, times);
    if (times === this.subscribers) this.complete.push(took);
    // A publication that timed out may arrive all the same.
    if (!this.#acknowledged.has(n)) return;
    this.#missing -= 1;
    if (this.#missing === 0) this.#all?.();
  }

  onAcknowledged(n: number): void {
    this.last = performance.now();
    this.acknowledged.push(this.last - this.due(n));
    this.#acknowledged.add(n);
    this.#missing += this.subscribers - (this.#timesReceived.get(n) ?? 0);
  }

  onFailed(code: string): void {
    this.failed[code] = (this.failed[code] ?? 0) + 1;
  }

  /** Waits until all acknowledged messages have arrived, or until the timeout. */
  async drained(): Promise<void> {
    const all = new Promise<void>((resolve) => (this.#all = resolve));
    const late = new AbortController();
    if (this.#missing > 0)
      await Promise.race([all, sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }
}

/**
 * Publishes at a fixed rate. Each publication is measured from its due time, even if it is sent later. So a stall is
 * visible in the figures of all delayed publications.
 * @example
 * await publishAtRate({ publisher, subscribers, channel: "bench", perSecond: 50, seconds: 5 });
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
      // Behind the rate: the SDK needs turns in which it can send, or its requests time out in the queue.
      else if (n % PUBLICATIONS_PER_TURN === 0) await immediate();
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
