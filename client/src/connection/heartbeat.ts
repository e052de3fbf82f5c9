import type { Internals } from "../internals.js";
import type { PingPayload } from "./ping-payload.js";

/**
 * Keeps a connection alive, and detects a dead one. It sends a heartbeat at an interval, and a ping if the server is
 * silent after the SDK has sent a frame.
 */
export class Heartbeat {
  readonly #client: Internals;
  readonly #payload: PingPayload;
  readonly #beat: () => void;
  readonly #ping: () => void;
  #startedAt = 0;
  /** The share of the interval after which the next heartbeat is due. */
  #share = 1;
  #cancelBeat: (() => void) | undefined;
  #cancelSuspicion: (() => void) | undefined;

  /**
   * @param beat sends a heartbeat, to which the server may not reply
   * @param ping checks whether the connection works
   */
  constructor(client: Internals, payload: PingPayload, beat: () => void, ping: () => void) {
    this.#client = client;
    this.#payload = payload;
    this.#beat = beat;
    this.#ping = ping;
  }

  /** Starts a new interval. */
  start(): void {
    this.#startedAt = this.#client.timers.now();
    // So clients that connected together do not send heartbeats together.
    this.#share = 1 - this.#client.timers.random(0.1);
    this.schedule();
  }

  /** Schedules the next heartbeat. The interval may have changed since the last one. */
  schedule(): void {
    const { timers, options } = this.#client;
    const interval = Math.min(options.pingInterval, this.#payload.intervalMs());
    this.#cancelBeat?.();
    this.#cancelBeat = timers.after(this.#startedAt + interval * this.#share - timers.now(), () => {
      this.start();
      this.#beat();
    });
  }

  stop(): void {
    this.#cancelBeat?.();
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
