/** A rate with a burst, as AWS enforces its quotas: requests without a token are refused at once. */
export class TokenBucket {
  /** Number of taken tokens. */
  granted = 0;
  /** Number of refused requests. */
  refused = 0;
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  /**
   * @param perSecond tokens that are added each second
   * @param burst maximum and initial number of tokens
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
    // Fractions may miss a whole token by a rounding error.
    if (this.#tokens + 1e-6 < tokens) {
      this.refused += 1;
      return false;
    }
    this.#tokens -= tokens;
    this.granted += tokens;
    return true;
  }
}
