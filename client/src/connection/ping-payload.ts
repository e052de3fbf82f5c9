import { MAX_CHANNELS_PER_PING } from "../../../protocol/limits.js";
import type { PingPart } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";

/**
 * The data of pings and heartbeats about channels. A ping has room for a number of channels. If there are more, each ping carries the
 * next ones, and pings are more frequent accordingly.
 */
export class PingPayload {
  readonly #client: Internals;
  readonly #connection: ConnectionPart;
  /** How many pings there were. */
  #count = 0;

  constructor(client: Internals, connection: ConnectionPart) {
    this.#client = client;
    this.#connection = connection;
  }

  /** How often to ping, in milliseconds, so that each channel is in a ping as often as necessary. */
  intervalMs(): number {
    return Math.min(...this.#parts().map(({ part, pages }) => part.intervalMs() / pages.length));
  }

  /** The `data` of the next ping. */
  next(): object | undefined {
    const parts = this.#parts();
    const count = this.#count++;
    return (
      parts[0] &&
      Object.fromEntries(parts.map(({ part, pages }) => [part.key, part.encode(pages[count % pages.length]!)]))
    );
  }

  /** The fields that pings carry now. Each comes with its channels, divided into pages that fit a ping. */
  #parts(): { part: PingPart; pages: string[][] }[] {
    // The server knows only the channels that are subscribed on this transport.
    const subscribed = [...(this.#connection.transport?.subscriptions.keys() ?? [])];
    return this.#client.extensions.flatMap(({ pingPart: part }) => {
      const channels = part ? subscribed.filter((channel) => part.includes(channel)) : [];
      const pages: string[][] = [];
      for (let first = 0; first < channels.length; first += MAX_CHANNELS_PER_PING)
        pages.push(channels.slice(first, first + MAX_CHANNELS_PER_PING));
      return part && pages[0] ? [{ part, pages }] : [];
    });
  }
}
