/** A rate with a burst, as AWS enforces its quotas: what finds no token is refused at once. */
export class TokenBucket {
  /** How many tokens were taken. */
  granted = 0;
  /** How many requests were refused. */
  refused = 0;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  /**
   * @param perSecond how many tokens come each second
   * @param burst how many there are at most, and in the beginning
   */
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes tokens, all or none. */
  take(nowMs: number, tokens = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#at) * this.#perMs);
    this.#at = nowMs;
    // What comes in fractions may miss a whole one by a rounding.
    if (this.#tokens + 1e-6 < tokens) {
      this.refused += 1;
      return false;
    }
    this.#tokens -= tokens;
    this.granted += tokens;
    return true;
  }
}
