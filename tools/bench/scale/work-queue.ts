import type { Cursor } from "./cursor.js";

/** What is handed on to a worker: recipients, or all who have not been read yet. */
export interface Segment {
  recipients: number[];
  cursor?: Cursor;
  /** Until when its recipients are tried, in milliseconds. */
  until: number;
}

/** A standard queue: segments that can be received, and those whose delay is not over. */
export class WorkQueue {
  /** When the first segment came, in milliseconds: from then on pollers are added. */
  activeSince: number | undefined;
  readonly #ready: Segment[] = [];
  #head = 0;
  readonly #delayed: { segment: Segment; at: number }[] = [];

  send(segment: Segment, at: number): void {
    this.activeSince ??= at;
    // Delays differ: whoever's is over first comes first.
    this.#delayed.push({ segment, at });
  }

  /** The next segment that can be received. */
  receive(nowMs: number): Segment | undefined {
    for (let at = 0; at < this.#delayed.length;) {
      const delayed = this.#delayed[at]!;
      if (delayed.at > nowMs + 1e-6) at += 1;
      else {
        this.#ready.push(delayed.segment);
        this.#delayed.splice(at, 1);
      }
    }
    return this.#head < this.#ready.length ? this.#ready[this.#head++] : undefined;
  }

  /** Whether nothing is in it. */
  get empty(): boolean {
    return this.#delayed.length === 0 && this.#head === this.#ready.length;
  }
}
