import type { Publication } from "../publication.js";

/** How long a place may stay without its message before whoever reads gives it up, in milliseconds. */
const PENDING_MS = 5_000;

/** What a reader is given. */
export interface Page {
  epoch: string;
  /** Where the reader is after it. */
  offset: number;
  messages: Publication[];
  more?: true;
  /** In how many milliseconds the next place is decided. */
  pending?: number;
  /** Why not everything behind the reader's position can be given. */
  code?: "position_expired" | "epoch_changed" | "too_far_behind";
}

interface Place {
  takenAt: number;
  message?: Publication;
  sealed?: boolean;
}

/** The history of one channel, as PROTOCOL.md describes it: places are taken first and filled later, or sealed. */
export class HistoryLog {
  epoch: string;
  #epochs = 1;
  #places: Place[] = [];
  /** Everything up to this offset was deleted. */
  #deleted = 0;
  #why: "position_expired" | "too_far_behind" = "position_expired";
  readonly #stored = new Map<string, Publication>();

  constructor(
    readonly channel: string,
    /** How many messages are kept. */
    readonly size: number,
  ) {
    this.epoch = `${channel.replace("/", "")}e1`;
  }

  /** Takes the next place. */
  take(now: number): number {
    return this.#places.push({ takenAt: now });
  }

  /** Stores a message at its place, or, if that was given up, at a new one. */
  store(message: Publication, offset: number, epoch: string, now: number): void {
    const place = epoch === this.epoch ? this.#places[offset - 1] : undefined;
    if (!place || place.sealed) return this.store(message, this.take(now), this.epoch, now);
    place.message = message;
    message.epoch = this.epoch;
    message.offset = offset;
    message.storedAt = now;
    this.#stored.set(`${message.session} ${message.uuid}`, message);
    const kept = this.#places.length - this.size;
    if (kept > this.#deleted) this.#delete(kept, "too_far_behind");
  }

  /** What a session has published with this `uuid` already. */
  known(session: string, uuid: string): Publication | undefined {
    return this.#stored.get(`${session} ${uuid}`);
  }

  /** Deletes all that is stored; positions at the end stay good. */
  expire(now: number): void {
    this.#delete(this.head(now), "position_expired");
  }

  /** The history is lost: the next one has another epoch. What was published stays known. */
  lose(): void {
    this.#epochs += 1;
    this.epoch = `${this.epoch.split("e")[0]}e${this.#epochs}`;
    this.#places = [];
    this.#deleted = 0;
  }

  /** The last offset up to which everything is decided. */
  head(now: number): number {
    return this.read(0, now, Infinity).offset;
  }

  /** Whether something was published behind a position. */
  goesOn(position: { epoch: string; offset: number }): boolean {
    return position.epoch !== this.epoch || position.offset < this.#places.length;
  }

  /** The newest message that is stored. */
  newest(): Publication | undefined {
    return this.#places.findLast((place) => place.message)?.message;
  }

  /** What follows a position, at most `most` messages. */
  replay(since: { epoch: string; offset: number }, now: number, most: number): Page {
    const code = since.epoch !== this.epoch ? "epoch_changed" : since.offset < this.#deleted ? this.#why : undefined;
    if (code) return { epoch: this.epoch, offset: this.head(now), messages: [], code };
    return this.read(since.offset, now, most);
  }

  /** The messages behind an offset, oldest first; gives up places that wait too long. */
  read(after: number, now: number, most: number): Page {
    const messages: Publication[] = [];
    let offset = Math.max(after, this.#deleted);
    for (; offset < this.#places.length; offset += 1) {
      const place = this.#places[offset]!;
      if (place.message) {
        if (messages.length === most) return { epoch: this.epoch, offset, messages, more: true };
        messages.push(place.message);
      } else if (!place.sealed) {
        const pending = place.takenAt + PENDING_MS - now;
        if (pending > 0) return { epoch: this.epoch, offset, messages, pending };
        place.sealed = true;
      }
    }
    return { epoch: this.epoch, offset, messages };
  }

  #delete(upTo: number, why: "position_expired" | "too_far_behind"): void {
    for (let offset = this.#deleted; offset < upTo; offset += 1) {
      const place = this.#places[offset]!;
      // A place that is open stays what it is.
      if (!place.message && !place.sealed) break;
      if (place.message) this.#why = why;
      this.#deleted = place.message ? offset + 1 : this.#deleted;
      place.message = undefined;
      place.sealed = true;
    }
  }
}
