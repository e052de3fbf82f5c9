import type { Publication } from "../publication.js";

/** How long an offset may stay without its message until a reader seals it, in milliseconds. */
const PENDING_MS = 5_000;

/** A page of a history. */
export interface Page {
  epoch: string;
  /** The reader's offset after the page. */
  offset: number;
  messages: Publication[];
  more?: true;
  /** Milliseconds until the next offset is decided. */
  pending?: number;
  /** Why the messages after the reader's position are not complete. */
  code?: "position_expired" | "epoch_changed" | "too_far_behind";
}

interface Place {
  takenAt: number;
  message?: Publication;
  sealed?: boolean;
}

/** The history of one channel by PROTOCOL.md: offsets are reserved first, and filled or sealed later. */
export class HistoryLog {
  epoch: string;
  #epochs = 1;
  #places: Place[] = [];
  /** All messages up to this offset are deleted. */
  #deleted = 0;
  #why: "position_expired" | "too_far_behind" = "position_expired";
  readonly #stored = new Map<string, Publication>();

  constructor(
    readonly channel: string,
    /** Number of messages to keep. */
    readonly size: number,
  ) {
    this.epoch = `${channel.replace("/", "")}e1`;
  }

  /** Reserves the next offset. */
  take(now: number): number {
    return this.#places.push({ takenAt: now });
  }

  /** Stores a message at its offset, or at a new one if that is sealed. */
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

  /** The stored message of a session with this `uuid`. */
  known(session: string, uuid: string): Publication | undefined {
    return this.#stored.get(`${session} ${uuid}`);
  }

  /** Deletes all messages. Positions at the end stay valid. */
  expire(now: number): void {
    this.#delete(this.head(now), "position_expired");
  }

  /** Loses the history: a new epoch begins. Stored uuids stay known. */
  lose(): void {
    this.#epochs += 1;
    this.epoch = `${this.epoch.split("e")[0]}e${this.#epochs}`;
    this.#places = [];
    this.#deleted = 0;
  }

  /** The last offset up to which all messages are decided. */
  head(now: number): number {
    return this.read(0, now, Infinity).offset;
  }

  /** Whether there are messages after a position. */
  goesOn(position: { epoch: string; offset: number }): boolean {
    return position.epoch !== this.epoch || position.offset < this.#places.length;
  }

  /** The newest stored message. */
  newest(): Publication | undefined {
    return this.#places.findLast((place) => place.message)?.message;
  }

  /** The messages after a position, at most `most`. */
  replay(since: { epoch: string; offset: number }, now: number, most: number): Page {
    const code = since.epoch !== this.epoch ? "epoch_changed" : since.offset < this.#deleted ? this.#why : undefined;
    if (code) return { epoch: this.epoch, offset: this.head(now), messages: [], code };
    return this.read(since.offset, now, most);
  }

  /** The kept messages that a reader could have read at a time: those before the first offset that was undecided then. */
  readableAt(time: number): Publication[] {
    const places = this.#places.slice(this.#deleted);
    const isDecided = ({ takenAt, message }: Place): boolean =>
      message ? message.storedAt! < time : takenAt + PENDING_MS <= time;
    const end = places.findIndex((place) => !isDecided(place));
    return places.slice(0, end < 0 ? undefined : end).flatMap(({ message }) => message ?? []);
  }

  /** The messages after an offset, oldest first. Seals offsets that wait too long. */
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
      // An open offset stays open.
      if (!place.message && !place.sealed) break;
      if (place.message) this.#why = why;
      this.#deleted = place.message ? offset + 1 : this.#deleted;
      place.message = undefined;
      place.sealed = true;
    }
  }
}
