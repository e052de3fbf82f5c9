import WebSocket from "ws";
import { PushIt, type StateChange } from "push-it-client";
import type { Waiting } from "./waiting.js";

/** A client that counts what it gets, and knows from which message on it must get all. */
export class StormSubscriber {
  /** How often each message came, by its number. */
  readonly received = new Map<number, number>();
  /** Every loss of a connection that stood. */
  readonly losses: StateChange[] = [];
  /** The first message that was published after it was subscribed on its connection; `Infinity`: it is not subscribed. */
  from = Infinity;
  readonly client: PushIt;
  #socket: WebSocket | undefined;

  /** @param published how many messages have been published so far, or begun to be */
  constructor(url: string, channel: string, published: () => number, waiting: Waiting) {
    const opened = (socket: WebSocket): void => void (this.#socket = socket);
    class Socket extends WebSocket {
      constructor(address: string, protocols?: string[]) {
        super(address, protocols);
        opened(this);
      }
    }
    this.client = new PushIt({ url, WebSocket: Socket, channels: [channel], retryBase: 100 });
    this.client.on("message", ({ data }) => {
      this.received.set(data as number, (this.received.get(data as number) ?? 0) + 1);
      waiting.notify();
    });
    this.client.on("subscribed", () => {
      this.from = published();
      waiting.notify();
    });
    this.client.on("state", (change) => {
      if (change.previous !== "connected") return;
      this.from = Infinity;
      this.losses.push(change);
    });
  }

  /** Ends the connection as a broken network does: the client connects again. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Whether it is subscribed, and has got every one of these messages that it must have got. */
  complete(acknowledged: readonly number[]): boolean {
    return this.from < Infinity && acknowledged.every((each) => each < this.from || this.received.has(each));
  }

  /** The awaited condition, in words. */
  waitsFor(acknowledged: readonly number[]): string {
    const missing = acknowledged.filter((each) => each >= this.from && !this.received.has(each));
    const since = this.from < Infinity ? `subscribed before ${this.from}` : "not subscribed";
    return `${this.client.state}, ${since}, ${this.losses.length} losses, without ${missing.slice(0, 5).join(" ")}${missing.length > 5 ? " …" : ""}`;
  }

  /** How many messages came that it had already. */
  get duplicates(): number {
    return [...this.received.values()].reduce((sum, times) => sum + times - 1, 0);
  }
}
