/**
 * Tells that a call has ended.
 * @param moreMs what it took besides what is declared, in milliseconds
 */
export type EndCall = (moreMs?: number) => void;

/**
 * How long a function's calls would take in AWS, if each took what is declared. What is seen here is only the order:
 * which calls had ended when the next one began. A call begins, by the declared clock, when as many calls have ended as
 * had ended when it began here; so 99 posts of which 64 are under way at a time take two waves, however long they took.
 */
export class CallTimeline {
  /** Declared milliseconds since the invocation began. */
  #clock = 0;
  /** When the calls that are under way end, by the declared clock, in ascending order. */
  readonly #ends: number[] = [];

  /**
   * A call begins.
   * @param ms what it takes, as declared
   */
  begin(ms: number): EndCall {
    const begunAt = this.#clock;
    this.#insert(begunAt + ms);
    return (moreMs = 0) => {
      // Which of the calls ends first is chance here; in AWS it is, by what is declared, the one that is due first.
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
