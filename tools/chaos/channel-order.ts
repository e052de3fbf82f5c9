import type { Publication, Stored } from "./journal.js";
import { targetChannels } from "./policy.js";

/**
 * The order of each channel's messages from the table and from acknowledgements. Offsets that subscribers received
 * count only if both sources lack the message.
 */
export class ChannelOrder {
  readonly #offsets = new Map<string, Map<string, number>>();
  /** Contradictions in the table by message. */
  readonly contradictions: { uuid: string; what: string }[] = [];
  /** Messages that are stored more than once. */
  readonly storedTwice: Stored[] = [];
  /** Whether a message without an offset is certainly not stored. Before the table is read, it may be. */
  readonly isComplete: boolean;

  /** @param table the stored messages; left out: the table is not read yet */
  constructor(publications: Iterable<Publication>, table?: readonly Stored[]) {
    this.isComplete = table !== undefined;
    const stored = table ?? [];
    const epochs = new Map<string, string>();
    for (const each of stored) {
      const epoch = epochs.get(each.channel) ?? each.epoch;
      epochs.set(each.channel, epoch);
      if (epoch !== each.epoch)
        this.#contradicts(each.uuid, `has another epoch of ${each.channel} than earlier messages`);
      if (this.of(each.channel, each.uuid) !== undefined) this.storedTwice.push(each);
      else this.#set(each.channel, each.uuid, each.offset);
    }
    const taken = new Map<string, string>();
    for (const { uuid, channel, acknowledgements } of publications) {
      const acknowledged = acknowledgements.find((each) => each);
      if (acknowledged && this.of(channel, uuid) === undefined) this.#set(channel, uuid, acknowledged.offset);
      for (const each of targetChannels(channel)) {
        const offset = this.of(each, uuid);
        if (offset === undefined) continue;
        const place = `${each} ${offset}`;
        const other = taken.get(place);
        if (other !== undefined) this.#contradicts(uuid, `has the same position ${place} as ${other}`);
        taken.set(place, uuid);
      }
    }
  }

  /** The offset of a message. */
  of(channel: string, uuid: string): number | undefined {
    return this.#offsets.get(channel)?.get(uuid);
  }

  #set(channel: string, uuid: string, offset: number): void {
    let offsets = this.#offsets.get(channel);
    if (!offsets) this.#offsets.set(channel, (offsets = new Map<string, number>()));
    offsets.set(uuid, offset);
  }

  #contradicts(uuid: string, what: string): void {
    this.contradictions.push({ uuid, what });
  }
}

/** Whether received data equals published data, compared as JSON text. */
export const isSameData = (published: unknown, received: unknown): boolean =>
  JSON.stringify(published) === JSON.stringify(received);
