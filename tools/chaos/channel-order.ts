import type { Publication, Stored } from "./journal.js";
import { targetChannels } from "./policy.js";

/**
 * The order of each channel's messages, as the table and the acknowledgements say it. The offsets that subscribers
 * receive count only if neither of the two knows the message.
 */
export class ChannelOrder {
  readonly #offsets = new Map<string, Map<string, number>>();
  /** What the table contradicts itself in, by message. */
  readonly contradictions: { uuid: string; what: string }[] = [];
  /** Messages that are stored more than once. */
  readonly storedTwice: Stored[] = [];

  constructor(publications: Iterable<Publication>, stored: readonly Stored[]) {
    const epochs = new Map<string, string>();
    for (const each of stored) {
      const epoch = epochs.get(each.channel) ?? each.epoch;
      epochs.set(each.channel, epoch);
      if (epoch !== each.epoch)
        this.#contradicts(each.uuid, `is in another history of ${each.channel} than those before`);
      if (this.of(each.channel, each.uuid) !== undefined) this.storedTwice.push(each);
      else this.#set(each.channel, each.uuid, each.offset);
    }
    const taken = new Map<string, string>();
    for (const { uuid, channel, acknowledgements } of publications) {
      const told = acknowledgements.find((each) => each);
      if (told && this.of(channel, uuid) === undefined) this.#set(channel, uuid, told.offset);
      for (const each of targetChannels(channel)) {
        const offset = this.of(each, uuid);
        if (offset === undefined) continue;
        const place = `${each} ${offset}`;
        const other = taken.get(place);
        if (other !== undefined) this.#contradicts(uuid, `has the place ${place} of ${other}`);
        taken.set(place, uuid);
      }
    }
  }

  /** Where a message stands in its channel. */
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

/** Whether what came is what was published, as text: it has been nothing else on its way. */
export const isSameData = (published: unknown, received: unknown): boolean =>
  JSON.stringify(published) === JSON.stringify(received);
