import type { Cursor } from "./cursor.js";

/** Work for a worker: recipients, or a cursor to the unread ones. */
export interface Segment {
  recipients: number[];
  cursor?: Cursor;
  /** Until when its recipients are tried, in milliseconds. */
  until: number;
}

/** A standard queue with available and delayed segments. */
export class WorkQueue {
  /** When the first segment was sent, in milliseconds: from then on pollers are added. */
  activeSince: number | undefined;
  readonly #ready: Segment[] = [];
  #head = 0;
  readonly #delayed: { segment: Segment; at: number }[] = [];

  send(segment: Segment, at: number): void {
    this.activeSince ??= at;
    // Delays differ, so segments become available in another order.
    this.#delayed.push({ segment, at });
  }

  /** The next available segment. */
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

  /** Whether the queue is empty. */
  get empty(): boolean {
    return this.#delayed.length === 0 && this.#head === this.#ready.length;
  }
}
