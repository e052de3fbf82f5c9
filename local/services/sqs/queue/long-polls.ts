import type { Clock } from "../../../core/clock.js";
import type { Delivery } from "./message.js";
import type { Queue } from "./queue.js";

/** Options of one receive. */
export interface ReceiveRequest {
  max: number;
  /** Instead of the queue's own visibility timeout, in milliseconds. */
  visibilityMs?: number;
  /** How long to wait for the first message, in milliseconds. */
  waitMs: number;
  /** Aborts the wait: a receiver that has disconnected receives no message. */
  signal?: AbortSignal;
}

interface Poll {
  request: ReceiveRequest;
  end: (deliveries: Delivery[]) => void;
}

/** The receivers that wait for messages of a queue, served in the order they came. */
export class LongPolls {
  readonly #polls = new Set<Poll>();
  #wakeUp: (() => void) | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly clock: Clock,
  ) {}

  /** Receives the visible messages, or waits for the next ones. */
  receive(request: ReceiveRequest): Promise<Delivery[]> {
    const { max, visibilityMs, waitMs, signal } = request;
    if (signal?.aborted) return Promise.resolve([]);
    const there = this.queue.receive(max, visibilityMs);
    if (there.length > 0) this.wake();
    if (there.length > 0 || waitMs <= 0) return Promise.resolve(there);
    return new Promise((resolve) => {
      const cancel = this.clock.after(waitMs, () => poll.end([]));
      const abandon = (): void => poll.end([]);
      const poll: Poll = {
        request,
        end: (deliveries) => {
          cancel();
          signal?.removeEventListener("abort", abandon);
          this.#polls.delete(poll);
          this.#schedule();
          resolve(deliveries);
        },
      };
      signal?.addEventListener("abort", abandon);
      this.#polls.add(poll);
      this.#schedule();
    });
  }

  /** Serves the waiting receivers, because a message may have become visible. */
  wake(): void {
    for (const poll of this.#polls) {
      const deliveries = this.queue.receive(poll.request.max, poll.request.visibilityMs);
      if (deliveries.length === 0) break;
      poll.end(deliveries);
    }
    this.#schedule();
  }

  /** Ends all waits without a message. */
  close(): void {
    for (const poll of this.#polls) poll.end([]);
  }

  /** Wakes the receivers when the next hidden message becomes visible. */
  #schedule(): void {
    this.#wakeUp?.();
    this.#wakeUp = undefined;
    if (this.#polls.size === 0 || this.queue.nextDue === Infinity) return;
    const inMs = Math.max(0, this.queue.nextDue - this.clock.now());
    this.#wakeUp = this.clock.after(Math.ceil(inMs), () => this.wake());
  }
}
