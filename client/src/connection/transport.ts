import type { Member } from "../../../protocol/presence.js";
import type { Socket } from "../platform/platform.js";
import type { Role } from "../subscriptions/holder.js";

/** One socket that the server has accepted as an agent, and the agent's subscriptions on it. */
export class Transport {
  /** By channel: the role in which the server has confirmed the subscription, `false` if the server may have it. */
  readonly subscriptions = new Map<string, Role | false>();
  /** This agent's id and user, as soon as the server has sent them. */
  me: Pick<Member, "agent" | "userId"> | undefined;
  /** Whether the server knows heartbeats. */
  heartbeats = false;
  /** The uuid of the last heartbeat, and when it was sent, in epoch milliseconds. */
  lastHeartbeat: string | undefined;
  lastHeartbeatAt = -Infinity;
  isClosed = false;
  readonly socket: Socket;
  /** When it opened, in epoch milliseconds. */
  readonly openedAt: number;
  /** When the server last sent a frame, in epoch milliseconds. */
  lastReceivedAt: number;
  readonly #onSent: () => void;

  /**
   * @param now epoch milliseconds
   * @param onSent called after each frame that the SDK sends
   */
  constructor(socket: Socket, now: number, onSent: () => void) {
    this.socket = socket;
    this.openedAt = this.lastReceivedAt = now;
    this.#onSent = onSent;
  }

  /** Notes whether the server knows heartbeats. Returns whether it does not any more: it was rolled back. */
  setHeartbeats(heartbeats: boolean): boolean {
    const wasRolledBack = this.heartbeats && !heartbeats;
    this.heartbeats = heartbeats;
    return wasRolledBack;
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
