import type { HistoryQuery, Replay } from "../../protocol/index.js";
import type { FromWorker, ToWorker } from "./messages.js";

/** A read that a guard awaits. */
interface Waiting {
  resolve(replay: Replay): void;
  reject(error: Error): void;
}

/** Reads histories for guards, whose thread has no table: it asks the main thread. */
export class HistoryProxy {
  readonly #post: (message: FromWorker) => void;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /** Rejects with the main thread's error. If there is no answer, the guard's timeout comes first. */
  read(query: HistoryQuery): Promise<Replay> {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ kind: "read", id, query: JSON.stringify(query) });
    });
  }

  /** Handles an answer of the main thread. */
  onAnswer(message: Extract<ToWorker, { kind: "read" | "not read" }>): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === "read") waiting?.resolve(JSON.parse(message.replay) as Replay);
    else waiting?.reject(new Error(message.error));
  }
}
