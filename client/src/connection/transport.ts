import type { Member } from "../../../protocol/presence.js";
import type { Socket } from "../platform/platform.js";

/** One socket that the server has accepted, which is one agent, and what the server has on it. */
export class Transport {
  /** By channel: `true` if the server has confirmed the subscription; `false` if it may be there. */
  readonly subscriptions = new Map<string, boolean>();
  /** Who this agent is, once the server has said so. */
  me: Pick<Member, "agent" | "userId"> | undefined;
  isClosed = false;
  readonly socket: Socket;
  /** When it opened, in epoch milliseconds. */
  readonly openedAt: number;
  /** When the server last sent something, in epoch milliseconds. */
  lastReceivedAt: number;
  readonly #onSent: () => void;

  /**
   * @param now epoch milliseconds
   * @param onSent called after each frame that was sent
   */
  constructor(socket: Socket, now: number, onSent: () => void) {
    this.socket = socket;
    this.openedAt = this.lastReceivedAt = now;
    this.#onSent = onSent;
  }

  /** Sends a frame. */
  send(text: string): void {
    this.socket.send(text);
    this.#onSent();
  }

  close(): void {
    this.isClosed = true;
    this.socket.close();
  }
}
