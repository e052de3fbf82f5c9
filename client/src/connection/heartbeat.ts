import type { Internals } from "../internals.js";
import type { PingPayload } from "./ping-payload.js";

/**
 * Detects a dead connection. It pings at an interval, and earlier if the server is silent after the SDK has sent a
 * frame.
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

  /** @param ping checks whether the connection works */
  constructor(client: Internals, payload: PingPayload, ping: () => void) {
    this.#client = client;
    this.#payload = payload;
    this.#ping = ping;
  }

  /** Starts a new interval. */
  start(): void {
    this.#startedAt = this.#client.timers.now();
    // So clients that connected together do not ping together.
    this.#share = 1 - this.#client.timers.random(0.1);
    this.schedule();
  }

  /** Schedules the next ping. The interval may have changed since the last one. */
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

  /** The SDK has sent a frame. The server should send one soon, too. */
  sent(): void {
    this.#cancelSuspicion ??= this.#client.timers.deadline(this.#client.options.suspectAfter, this.#ping);
  }

  /** The server has sent a frame. */
  received(): void {
    this.#cancelSuspicion?.();
    this.#cancelSuspicion = undefined;
  }
}
