import type { WebSocket } from "ws";
import { type Close, CloseReasons, clientClose } from "./close-codes.js";
import type { ConnectionFacts } from "../events.js";
import type { GatewayLimits } from "../limits.js";

/** The result of sending a frame to a client. */
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

  /**
   * Sends one text frame. If the frame is too big, the connection closes. If the client does not read, the frame is
   * dropped.
   */
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

  /** Cuts the connection without a close frame, as a broken network does. */
  cut(): void {
    this.socket.terminate();
  }

  /** Stops the timers after the socket has closed, and returns the close. */
  ended(code: number, reason: string): Close {
    clearTimeout(this.#idle);
    clearTimeout(this.#expiry);
    clearTimeout(this.#closing);
    this.#close ??= clientClose(code, reason);
    return this.#close;
  }

  // Messages do not restart the timer. When it fires, it waits for the rest of the idle time after the last message.
  #checkIdle(): void {
    const left = this.lastActiveAt + this.limits.idleMs - this.now();
    if (left <= 0) this.close(CloseReasons.idle);
    else this.#idle = this.#after(left, () => this.#checkIdle());
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    return setTimeout(act, Math.min(ms, LONGEST_TIMER_MS)).unref();
  }
}
