import type { Message } from "../../../protocol/frames.js";
import { BoundedMap } from "../bounded-map.js";

/** How many messages, and how many channels, are remembered. */
const MAX_REMEMBERED = 1_000;

/**
 * Tells which of the messages that arrive are new. The server may repeat a message. On a channel whose latest value is
 * kept, posts of two publications may overtake each other: the newest is the last that is new. On a channel with history
 * the epoch and offset name a message, because two publishers may have chosen one uuid.
 */
export class Deduplicator {
  readonly #seen = new BoundedMap<string, true>(MAX_REMEMBERED);
  /** The largest offset by channel, of channels without history. */
  readonly #offsets = new BoundedMap<string, number>(MAX_REMEMBERED);
  /** What this client published and does not want to receive. */
  readonly #suppressed = new BoundedMap<string, true>(MAX_REMEMBERED);

  /** Remembers a message of this client that it is to be spared. */
  suppress(channel: string, uuid: string): void {
    this.#suppressed.set(`${channel} ${uuid}`, true);
  }

  /** Whether a message has not arrived before, and is not to be spared. From now on it has arrived. */
  isNew({ channel, uuid, epoch, offset }: Message): boolean {
    if (!uuid) return false;
    // No channel has a space in its name.
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
