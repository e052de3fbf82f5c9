import { type Pace, pace } from "./pace.js";

/** A running function that posts: whom it has left to post to, its CPU, and how many posts it has under way. */
export class Poster {
  readonly pace: Pace = pace();
  inFlight = 0;
  /** How many wait after a refusal. */
  waiting = 0;
  /** How many reads are under way. */
  reading = 0;
  /** Those for whom its time was not enough, and those whom it tried in vain. */
  readonly late: number[] = [];
  readonly slow: number[] = [];
  readonly #queue: number[];
  #head = 0;
  #cpuFreeAt: number;

  /** @param cpuShare the share of a vCPU it has */
  constructor(
    readonly begunAt: number,
    readonly publisher: boolean,
    /** Until when its recipients are tried. */
    readonly until: number,
    readonly cpuShare: number,
    recipients: number[] = [],
  ) {
    this.#cpuFreeAt = begunAt;
    this.#queue = recipients;
  }

  /** Whether it has nothing to do any more. */
  get idle(): boolean {
    return this.inFlight + this.waiting + this.reading === 0 && this.#head === this.#queue.length;
  }

  add(recipient: number): void {
    this.#queue.push(recipient);
  }

  /** The next recipient, in the order in which they came; -1 when none is there, or as many posts are under way as may be. */
  take(): number {
    if (this.inFlight >= this.pace.limit || this.#head === this.#queue.length) return -1;
    return this.#queue[this.#head++]!;
  }

  /** Uses the CPU as soon as it is free. @returns when that is done, in milliseconds */
  compute(nowMs: number, micros: number): number {
    this.#cpuFreeAt = Math.max(nowMs, this.#cpuFreeAt) + micros / 1_000 / this.cpuShare;
    return this.#cpuFreeAt;
  }
}
