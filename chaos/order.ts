import type { Publication, Stored } from "./journal.js";
import { publishedOn } from "./policy.js";

/**
 * The order of each channel's messages, as the table and the answers to publishers tell it; the positions that
 * subscribers are told are believed last.
 */
export class Order {
  readonly #offsets = new Map<string, number>();
  /** What table and answers do not agree on, by message. */
  readonly contradictions: { uuid: string; what: string }[] = [];
  /** Messages that are stored more than once. */
  readonly twice: Stored[] = [];

  constructor(publications: Iterable<Publication>, stored: readonly Stored[]) {
    const taken = new Map<string, string>();
    const epochs = new Map<string, string>();
    for (const each of stored) {
      const epoch = epochs.get(each.channel) ?? each.epoch;
      epochs.set(each.channel, epoch);
      if (epoch !== each.epoch) this.#contradicts(each.uuid, `is in another history of ${each.channel} than those before`);
      if (this.of(each.channel, each.uuid) !== undefined) this.twice.push(each);
      else this.#offsets.set(placeOf(each.channel, each.uuid), each.offset);
    }
    for (const { uuid, channel, told } of publications) {
      if (told?.position) this.#told(channel, uuid, told.position.offset);
      for (const each of publishedOn(channel)) {
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
    return this.#offsets.get(placeOf(channel, uuid));
  }

  #told(channel: string, uuid: string, offset: number): void {
    const known = this.of(channel, uuid);
    if (known === undefined) this.#offsets.set(placeOf(channel, uuid), offset);
    else if (known !== offset) this.#contradicts(uuid, `is stored at ${known}, and its publisher was told ${offset}`);
  }

  #contradicts(uuid: string, what: string): void {
    this.contradictions.push({ uuid, what });
  }
}

/** A guard may have published a message on several channels. */
const placeOf = (channel: string, uuid: string): string => `${channel} ${uuid}`;

/** Whether what came is what was published, as text: it has been nothing else on its way. */
export const isSame = (published: unknown, received: unknown): boolean => JSON.stringify(published) === JSON.stringify(received);
