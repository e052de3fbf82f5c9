import type { Internals } from "../internals.js";
import type { PingPayload } from "./ping-payload.js";

/**
 * Finds out whether the connection still works: it pings at an interval, and soon when the server is silent after
 * something was sent.
 */
export class Heartbeat {
  readonly #client: Internals;
  readonly #payload: PingPayload;
  readonly #ping: () => void;
  #startedAt = 0;
  /** The share of the interval after which the next ping is due. */
  #share = 1;
  #cancelPing: (() => void) | undefined;
  #cancelSuspicion: (() => void) | undefined;

  /** @param ping asks the server whether the connection works */
  constructor(client: Internals, payload: PingPayload, ping: () => void) {
    this.#client = client;
    this.#payload = payload;
    this.#ping = ping;
  }

  /** Begins a new interval. */
  start(): void {
    this.#startedAt = this.#client.timers.now();
    // Clients that connected together do not ping together.
    this.#share = 1 - this.#client.timers.random(0.1);
    this.schedule();
  }

  /** Plans the next ping. The interval may have changed since the last. */
  schedule(): void {
    const { timers, options } = this.#client;
    const interval = Math.min(options.pingInterval, this.#payload.intervalMs());
    this.#cancelPing?.();
    this.#cancelPing = timers.after(this.#startedAt + interval * this.#share - timers.now(), () => {
      this.start();
      this.#ping();
    });
  }

  stop(): void {
    this.#cancelPing?.();
    this.received();
  }

  /** Something was sent: the server should be heard from soon. */
  sent(): void {
    this.#cancelSuspicion ??= this.#client.timers.deadline(this.#client.options.suspectAfter, this.#ping);
  }

  /** The server sent something. */
  received(): void {
    this.#cancelSuspicion?.();
    this.#cancelSuspicion = undefined;
  }
}
