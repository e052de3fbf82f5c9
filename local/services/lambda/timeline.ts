/**
 * Ends a call.
 * @param moreMs its duration beyond the declared one, in milliseconds
 */
export type EndCall = (moreMs?: number) => void;

/**
 * How long a function's calls would take in AWS, with their declared durations. Locally only the order is observed:
 * which calls had ended when the next one began. On the declared clock, a call begins after as many other calls have
 * ended as had ended locally. So 99 posts of which 64 run at a time take two waves, whatever their local duration.
 */
export class CallTimeline {
  /** Declared milliseconds since the invocation began. */
  #clock = 0;
  /** When the calls that are under way end, by the declared clock, in ascending order. */
  readonly #ends: number[] = [];

  /**
   * A call begins.
   * @param ms its declared duration
   */
  begin(ms: number): EndCall {
    const begunAt = this.#clock;
    this.#insert(begunAt + ms);
    return (moreMs = 0) => {
      // Locally, the order in which concurrent calls end is random. By the declared durations, the call that is due
      // first ends first.
      this.#advance(this.#ends.shift() ?? 0);
      if (moreMs > 0) this.#advance(begunAt + ms + moreMs);
    };
  }

  /** How long the calls that have ended took together, in declared milliseconds. */
  get ms(): number {
    return this.#clock;
  }

  #advance(to: number): void {
    this.#clock = Math.max(this.#clock, to);
  }

  /** Most calls take the same, and are due after all others. */
  #insert(end: number): void {
    let at = this.#ends.length;
    while (at > 0 && this.#ends[at - 1]! > end) at -= 1;
    this.#ends.splice(at, 0, end);
  }
}
