import { MAX_CHANNELS_PER_PING } from "../../../protocol/limits.js";
import type { PingPart } from "../extension.js";
import type { ConnectionPart, Internals } from "../internals.js";

/**
 * What pings carry about channels. A ping has room for a number of channels. If there are more, each ping carries the
 * next of them, and pings are so much more frequent.
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

  /** How often to ping, in milliseconds, so that all is said as often as it has to be. */
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

  /** The parts that have something to say, each with its channels as they fit into pings. */
  #parts(): { part: PingPart; pages: string[][] }[] {
    // Of channels that are not on this transport, its server knows nothing.
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
