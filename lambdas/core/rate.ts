import type { Clock } from "./ports.js";

/** Most agents that one environment counts for. */
export const COUNTED_AGENTS = 10_000;

/** How much an agent may have of something. */
export interface Allowance {
  /** In a second, on average. */
  perSecond: number;
  /** At once, after it was silent. */
  burst: number;
}

/** What an agent has left, as of a time in epoch milliseconds. */
interface Bucket {
  left: number;
  at: number;
}

/**
 * Counts what each agent asks for: a token bucket for each, in the memory of one Lambda environment. So an agent whose
 * frames run in several environments gets through more, and so does one of more than `COUNTED_AGENTS` at once: whoever
 * has been silent for longest is forgotten first.
 */
export class Rate {
  readonly #buckets = new Map<string, Bucket>();
  readonly #allowance: Allowance;
  readonly #clock: Pick<Clock, "now">;

  constructor(allowance: Allowance, clock: Pick<Clock, "now">) {
    this.#allowance = allowance;
    this.#clock = clock;
  }

  /**
   * Takes what an agent wants now.
   * @returns how many of `wanted` it may have: the others are refused, and do not count
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
    const { perSecond, burst } = this.#allowance;
    const { left, at } = this.#buckets.get(connectionId) ?? { left: burst, at: now };
    // A clock that was put back gives nothing, and takes nothing.
    const fresh = (Math.max(0, now - at) / 1000) * perSecond;
    return { left: Math.min(burst, left + fresh), at: now };
  }

  /** In the order of last use, so that the first has been silent for longest. */
  #keep(connectionId: string, bucket: Bucket): void {
    this.#buckets.delete(connectionId);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size >= COUNTED_AGENTS && !oldest.done) this.#buckets.delete(oldest.value);
    this.#buckets.set(connectionId, bucket);
  }
}
