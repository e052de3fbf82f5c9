import type { Message } from "../../../protocol/frames.js";
import { BoundedMap } from "../bounded-map.js";

/** How many messages, and how many channels, to remember. */
const MAX_REMEMBERED = 1_000;

/**
 * Drops messages that have arrived before, because the server may repeat a message. On a channel with `latest`, posts
 * of two publications may overtake each other, so a message older than the newest one is dropped, too. On a channel
 * with history, epoch and offset identify a message, because two publishers may have chosen one uuid.
 */
export class Deduplicator {
  readonly #seen = new BoundedMap<string, true>(MAX_REMEMBERED);
  /** The largest offset by channel, for channels without history. */
  readonly #offsets = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** This client's own messages that it does not want to receive. */
  readonly #suppressed = new BoundedMap<string, true>(MAX_REMEMBERED);

  /** Remembers a message of this client that it does not want to receive. */
  suppress(channel: string, uuid: string): void {
    this.#suppressed.set(`${channel} ${uuid}`, true);
  }

  /** Whether a message has not arrived before and is not suppressed. The call marks it as arrived. */
  isNew({ channel, uuid, epoch, offset }: Message): boolean {
    if (!uuid) return false;
    // Channel names do not contain spaces.
    const key = `${channel} ${epoch === undefined ? uuid : `${epoch} ${offset}`}`;
    if (epoch === undefined && offset !== undefined) {
      if (offset <= (this.#offsets.get(channel) ?? -1)) return false;
      this.#offsets.set(channel, offset);
    }
    if (this.#seen.has(key) || this.#suppressed.has(`${channel} ${uuid}`)) return false;
    this.#seen.set(key, true);
    return true;
  }

  clear(): void {
    this.#seen.clear();
    this.#offsets.clear();
    this.#suppressed.clear();
  }
}
