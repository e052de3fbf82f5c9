import { UUIDS } from "./plan.js";

/** How many lines are kept of one message. */
const MOST = 200;

/** What happened to each message, in words: told of the first one that went wrong. */
export class Trail {
  readonly #begun = performance.now();
  readonly #lines = new Map<string, string[]>();

  /** Something happened to a message. */
  note(uuid: string, what: string): void {
    let lines = this.#lines.get(uuid);
    if (!lines) this.#lines.set(uuid, (lines = []));
    if (lines.length < MOST) lines.push(`${((performance.now() - this.#begun) / 1000).toFixed(3).padStart(8)} s  ${what}`);
  }

  /** Something happened to all messages that a text is about. */
  noteAll(text: string, what: string): void {
    for (const uuid of new Set(text.match(UUIDS))) this.note(uuid, what);
  }

  /** All that happened to a message, the first thing first. */
  of(uuid: string): readonly string[] {
    return this.#lines.get(uuid) ?? [];
  }
}
