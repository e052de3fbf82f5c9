/** Tells that a call has ended. @param moreMs what it took besides what is declared, in milliseconds */
export type EndCall = (moreMs?: number) => void;

/**
 * How long an invocation would take in AWS, if its calls took what is declared. What is seen here is only the order:
 * which calls had ended when the next one began. A call begins, by the declared clock, when as many calls have ended as
 * had ended when it began here; so 99 posts of which 64 are under way at a time take two waves, however long they took.
 */
export class Timeline {
  /** Declared milliseconds since the invocation began. */
  #clock = 0;
  /** When the calls that are under way end, by the declared clock, in ascending order. */
  readonly #ends: number[] = [];
  #underWay = 0;
  /** Real milliseconds in which no call was under way, and since when it is so. */
  #aloneMs = 0;
  #aloneSince: number;

  /** @param now a clock of real time, in milliseconds */
  constructor(private readonly now: () => number) {
    this.#aloneSince = now();
  }

  /**
   * A call begins.
   * @param ms what it takes, as declared
   */
  begin(ms: number): EndCall {
    if (this.#underWay === 0) this.#aloneMs += this.now() - this.#aloneSince;
    this.#underWay += 1;
    const begunAt = this.#clock;
    this.#insert(begunAt + ms);
    return (moreMs = 0) => {
      this.#underWay -= 1;
      if (this.#underWay === 0) this.#aloneSince = this.now();
      // Which of the calls ends first is chance here; in AWS it is, by what is declared, the one that is due first.
      this.#advance(this.#ends.shift() ?? 0);
      if (moreMs > 0) this.#advance(begunAt + ms + moreMs);
    };
  }

  /** What the calls that have ended took one after the other, in declared milliseconds. */
  get declaredMs(): number {
    return this.#clock;
  }

  /** How long no call was under way, in real milliseconds. */
  get aloneMs(): number {
    return this.#aloneMs + (this.#underWay === 0 ? this.now() - this.#aloneSince : 0);
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
