import type { Clock } from "./ports.js";

/** For how many seconds' worth of publications an agent that was silent may publish at once. */
export const BURST_SECONDS = 2;

/** Most agents that one environment counts for. */
export const COUNTED_AGENTS = 10_000;

/** What an agent has left, as of a time in epoch milliseconds. */
interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts what each agent publishes: a token bucket for each, in the memory of one Lambda environment. So an agent whose
 * frames run in several environments gets through more, and so does one of more than `COUNTED_AGENTS` at once: whoever
 * has been silent for longest is forgotten first.
 */
export class PublicationRate {
  readonly #buckets = new Map<string, Bucket>();
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, "now">;

  /** @param perSecond how many messages an agent may publish in a second, on average */
  constructor(perSecond: number, clock: Pick<Clock, "now">) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /**
   * Takes what an agent wants to publish now.
   * @returns how many of `wanted` messages it may: the others are refused, and do not count
   */
  take(connectionId: string, wanted: number): number {
    const bucket = this.#filled(connectionId);
    const taken = Math.min(wanted, Math.floor(bucket.left));
    bucket.left -= taken;
    this.#keep(connectionId, bucket);
    return taken;
  }

  #filled(connectionId: string): Bucket {
    const now = this.#clock.now();
    const most = this.#perSecond * BURST_SECONDS;
    const { left, at } = this.#buckets.get(connectionId) ?? { left: most, at: now };
    // A clock that was put back gives nothing, and takes nothing.
    const fresh = (Math.max(0, now - at) / 1000) * this.#perSecond;
    return { left: Math.min(most, left + fresh), at: now };
  }

  /** In the order of last use, so that the first has been silent for longest. */
  #keep(connectionId: string, bucket: Bucket): void {
    this.#buckets.delete(connectionId);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= COUNTED_AGENTS && !oldest.done) this.#buckets.delete(oldest.value);
    this.#buckets.set(connectionId, bucket);
  }
}
