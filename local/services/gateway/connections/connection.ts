import type { WebSocket } from "ws";
import { type Close, CloseReasons, clientClose } from "./close-codes.js";
import type { ConnectionFacts } from "../events.js";
import type { GatewayLimits } from "../limits.js";

/** What became of a frame for the client. */
export type SendOutcome = "sent" | "gone" | "full" | "tooBig";

/** A longer timer of Node's fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One open connection: its socket, its limits in time and size, and how it ended. */
export class Connection {
  /** When a message last went in or out, in epoch milliseconds. */
  lastActiveAt: number;
  #close: Close | undefined;
  #idle: NodeJS.Timeout;
  #expiry: NodeJS.Timeout;
  #closing: NodeJS.Timeout | undefined;

  /** @param now the clock, in epoch milliseconds */
  constructor(
    readonly facts: ConnectionFacts,
    private readonly socket: WebSocket,
    private readonly limits: GatewayLimits,
    private readonly now: () => number,
  ) {
    this.lastActiveAt = now();
    this.#idle = this.#after(limits.idleMs, () => this.#checkIdle());
    this.#expiry = this.#after(limits.connectionMs, () => this.close(CloseReasons.expired));
  }

  /** Whether messages still go in and out. */
  get open(): boolean {
    return this.#close === undefined && this.socket.readyState === this.socket.OPEN;
  }

  /** Notes that a message came in. */
  touch(): void {
    this.lastActiveAt = this.now();
  }

  /** Sends one text frame. One that is too big closes the connection; a client that reads nothing gets no more. */
  send(frame: Buffer | string): SendOutcome {
    if (!this.open) return "gone";
    if (Buffer.byteLength(frame) > this.limits.frameBytes) {
      this.close(CloseReasons.tooBig);
      return "tooBig";
    }
    if (this.socket.bufferedAmount > this.limits.clientBufferBytes) return "full";
    this.socket.send(frame, { binary: false });
    this.touch();
    return "sent";
  }

  /** Closes the connection from this side; the first reason stays. A client that does not answer is cut off. */
  close(close: Close): void {
    if (this.#close) return;
    this.#close = close;
    this.socket.close(close.code, close.reason);
    this.#closing = this.#after(this.limits.closeMs, () => this.socket.terminate());
  }

  /** Breaks the connection off: the client learns it from its socket, as of a network that is gone. */
  cut(): void {
    this.socket.terminate();
  }

  /** Stops the clocks once the socket has closed, and tells how it ended. */
  ended(code: number, reason: string): Close {
    clearTimeout(this.#idle);
    clearTimeout(this.#expiry);
    clearTimeout(this.#closing);
    this.#close ??= clientClose(code, reason);
    return this.#close;
  }

  // A message does not restart the timer: when it fires, it waits for what the last message left of the idle time.
  #checkIdle(): void {
    const left = this.lastActiveAt + this.limits.idleMs - this.now();
    if (left <= 0) this.close(CloseReasons.idle);
    else this.#idle = this.#after(left, () => this.#checkIdle());
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    return setTimeout(act, Math.min(ms, LONGEST_TIMER_MS)).unref();
  }
}
