import type { HistorySettings } from "../../../../protocol/channel-settings.js";
import { DEFAULT_DEDUPE_SECONDS } from "../../../../protocol/deployment-defaults.js";
import type { GapCode, HistoryMessage, Position } from "../../../../protocol/history.js";
import type { Message } from "../../../../protocol/frames.js";

/** A stored message. A deleted one keeps its place. */
interface Row {
  at: number;
  message?: HistoryMessage;
}

/** A part of a history. */
export interface Page {
  /** The reader's position after the page. */
  position: Position;
  messages: HistoryMessage[];
  more: boolean;
  /** After `newest`: the history keeps older messages. */
  older?: boolean;
  code?: GapCode;
}

/** How long a repeated publication is recognised, in milliseconds. */
const DEDUPE_MS = DEFAULT_DEDUPE_SECONDS * 1_000;

/** The history of one channel. The message with offset n is the row n - 1. */
export class HistoryLog {
  readonly #keep: HistorySettings;
  readonly #now: () => number;
  #epoch: string;
  #epochs = 1;
  #begunAt: number;
  #rows: Row[] = [];
  readonly #known = new Map<string, { content: string; message: Message; at: number }>();

  /** @param now in epoch milliseconds */
  constructor(keep: HistorySettings, now: () => number) {
    this.#keep = keep;
    this.#now = now;
    this.#begunAt = now();
    this.#epoch = `${this.#begunAt.toString(36)}-1`;
  }

  /** The newest position. */
  get head(): Position {
    return { epoch: this.#epoch, offset: this.#rows.length };
  }

  /**
   * Stores a message, or finds it if its publisher has published it before.
   * @param publisher the owner of the uuid
   * @param content the publisher's own channel and data, as JSON
   */
  append(message: Message, publisher: string, content: string): Message | "uuid_reused" {
    const key = `${publisher} ${message.uuid}`;
    const known = this.#known.get(key);
    if (known && known.at + DEDUPE_MS > this.#now()) return known.content === content ? known.message : "uuid_reused";
    const { uuid, data, from } = message;
    const at = this.#now();
    const offset = this.#rows.length + 1;
    this.#rows.push({ at, message: { uuid, data, ...(from && { from }), at, offset } });
    const stored = { ...message, at, offset, epoch: this.#epoch };
    this.#known.set(key, { content, message: stored, at });
    return stored;
  }

  /** All messages that are kept, oldest first. */
  kept(): HistoryMessage[] {
    return this.#messages(this.#first(), this.#rows.length);
  }

  /** The messages after a position, or the reason why some are not there any more. */
  after(since: Position, limit: number): Page {
    const { head } = this;
    const lost = (code: GapCode): Page => ({ position: head, messages: [], more: false, code });
    if (since.epoch !== head.epoch || since.offset > head.offset) return lost("epoch_changed");
    if (head.offset - since.offset > this.#keep.size) return lost("too_far_behind");
    if (since.offset === head.offset) return { position: head, messages: [], more: false };
    const before = since.offset === 0 ? this.#begunAt : this.#rows[since.offset - 1]!.at;
    if (!this.#isFresh(before) && !this.#isFresh(this.#rows[since.offset]!.at)) return lost("position_expired");
    return this.#page(since.offset, limit);
  }

  /** The oldest messages. */
  oldest(limit: number): Page {
    return this.#page(this.#first(), limit);
  }

  /** The newest messages, oldest first. */
  newest(limit: number): Page {
    const first = this.#first();
    const from = Math.max(first, this.#rows.length - limit);
    return {
      position: this.head,
      messages: this.#messages(from, this.#rows.length),
      more: false,
      older: from > first,
    };
  }

  /** The messages before a position, newest first. Without a position, the newest ones. */
  before(since: Position | undefined, limit: number): Page {
    const { head } = this;
    if (since && (since.epoch !== head.epoch || since.offset > head.offset))
      return { position: head, messages: [], more: false, code: "epoch_changed" };
    const to = since ? Math.max(0, since.offset - 1) : head.offset;
    const first = this.#first();
    if (to <= first) return { position: since ?? head, messages: [], more: false };
    const from = Math.max(first, to - limit);
    const messages = this.#messages(from, to).reverse();
    return {
      position: { ...head, offset: messages.at(-1)?.offset ?? from + 1 },
      messages,
      more: from > first,
    };
  }

  /** Deletes one message. Returns its uuid, or `undefined` if there is none. */
  delete({ epoch, offset }: Position): string | undefined {
    const row = epoch === this.#epoch ? this.#rows[offset - 1] : undefined;
    const uuid = row?.message?.uuid;
    if (row) delete row.message;
    return uuid;
  }

  /** Deletes all messages. The next ones have another epoch. */
  restart(): void {
    this.#epochs += 1;
    this.#begunAt = this.#now();
    this.#epoch = `${this.#begunAt.toString(36)}-${this.#epochs}`;
    this.#rows = [];
  }

  #page(offset: number, limit: number): Page {
    const end = Math.min(this.#rows.length, offset + limit);
    return {
      position: { epoch: this.#epoch, offset: end },
      messages: this.#messages(offset, end),
      more: end < this.#rows.length,
    };
  }

  #messages(from: number, to: number): HistoryMessage[] {
    return this.#rows.slice(from, to).flatMap(({ message }) => message ?? []);
  }

  /** The offset before the oldest message that is kept. */
  #first(): number {
    const first = Math.max(0, this.#rows.length - this.#keep.size);
    const fresh = this.#rows.findIndex(({ at }, index) => index >= first && this.#isFresh(at));
    return fresh < 0 ? this.#rows.length : fresh;
  }

  #isFresh(at: number): boolean {
    return at + this.#keep.seconds * 1000 > this.#now();
  }
}
