import { Meta } from "../../../protocol/frames.js";
import type { ConnectionPart, Internals } from "../internals.js";
import { DEFAULTS } from "../options.js";
import { newId } from "../platform/id.js";
import type { PingPayload } from "./ping-payload.js";

/**
 * Keeps a connection alive, and detects a dead one. It sends a heartbeat at an interval, and a ping if the server is
 * silent after the SDK has sent a frame.
 */
export class Heartbeat {
  readonly #client: Internals;
  readonly #connection: Pick<ConnectionPart, "transport" | "ping">;
  readonly #payload: PingPayload;
  #startedAt = 0;
  /** The share of the interval after which the next heartbeat is due. */
  #share = 1;
  #cancelBeat: (() => void) | undefined;
  #cancelSuspicion: (() => void) | undefined;

  constructor(client: Internals, connection: Pick<ConnectionPart, "transport" | "ping">, payload: PingPayload) {
    this.#client = client;
    this.#connection = connection;
    this.#payload = payload;
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
    this.#cancelSuspicion ??= this.#client.timers.deadline(this.#client.options.suspectAfter, () =>
      this.#connection.ping(),
    );
  }

  /** The server has sent a frame. */
  received(): void {
    this.#cancelSuspicion?.();
    this.#cancelSuspicion = undefined;
  }

  /**
   * Sends a heartbeat, to which no reply means that there is no news. It sends a ping if the server does not know
   * heartbeats, or if the connection is in doubt. The application may want pings, too.
   */
  #beat(): void {
    const { options, isConnected, timers } = this.#client;
    const { transport } = this.#connection;
    const wantsReplies = options.pingInterval < DEFAULTS.pingInterval;
    if (!transport?.heartbeats || wantsReplies || !isConnected) return this.#connection.ping();
    const uuid = (transport.lastHeartbeat = newId());
    transport.lastHeartbeatAt = timers.now();
    const frame = { action: "heartbeat", channel: Meta.ping, uuid, data: this.#payload.next() };
    // Not `transport.send`, after which the server must not be silent.
    transport.socket.send(JSON.stringify(frame));
  }
}
