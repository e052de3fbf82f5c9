import { UUID_PATTERN } from "./plan.js";

/** Maximum number of lines for one message. */
const MAX_LINES = 200;

/** An event of a message, once or repeatedly; times in seconds. */
interface Line {
  what: string;
  first: number;
  last: number;
  times: number;
}

/** The events of each message. The report prints those of the first message with a violation. */
export class MessageTimeline {
  readonly #begun = performance.now();
  readonly #lines = new Map<string, Map<string, Line>>();

  /** Records an event of a message. */
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

  /** Records an event of all messages in a text. */
  noteAll(text: string, what: string): void {
    for (const uuid of new Set(text.match(UUID_PATTERN))) this.note(uuid, what);
  }

  /** The events of a message in order. */
  of(uuid: string): readonly string[] {
    return [...(this.#lines.get(uuid)?.values() ?? [])].map(({ what, first, last, times }) => {
      const again = times > 1 ? ` (${times} times, until ${last.toFixed(3)} s)` : "";
      return `${first.toFixed(3).padStart(8)} s  ${what}${again}`;
    });
  }
}
