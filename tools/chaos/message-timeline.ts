import { UUID_PATTERN } from "./plan.js";

/** How many lines are kept of one message. */
const MAX_LINES = 200;

/** Something that happened to a message, once or again and again; times in seconds. */
interface Line {
  what: string;
  first: number;
  last: number;
  times: number;
}

/** What happened to each message, in words: told of the first one that went wrong. */
export class MessageTimeline {
  readonly #begun = performance.now();
  readonly #lines = new Map<string, Map<string, Line>>();

  /** Something happened to a message. */
  note(uuid: string, what: string): void {
    let lines = this.#lines.get(uuid);
    if (!lines) this.#lines.set(uuid, (lines = new Map<string, Line>()));
    const now = (performance.now() - this.#begun) / 1000;
    const same = lines.get(what);
    if (same) {
      same.last = now;
      same.times += 1;
    } else if (lines.size < MAX_LINES) lines.set(what, { what, first: now, last: now, times: 1 });
  }

  /** Something happened to all messages that a text is about. */
  noteAll(text: string, what: string): void {
    for (const uuid of new Set(text.match(UUID_PATTERN))) this.note(uuid, what);
  }

  /** All that happened to a message, the first thing first. */
  of(uuid: string): readonly string[] {
    return [...(this.#lines.get(uuid)?.values() ?? [])].map(({ what, first, last, times }) => {
      const again = times > 1 ? ` (${times} times, until ${last.toFixed(3)} s)` : "";
      return `${first.toFixed(3).padStart(8)} s  ${what}${again}`;
    });
  }
}
