import type { SeededRandom } from "./seeded-random.js";

/** The place of an event: the client's process (timers, socket events), or another one. */
export type Lane = "timer" | "socket" | "server";

/** A future event. */
export interface Entry {
  at: number;
  order: number;
  lane: Lane;
  run: (() => void) | undefined;
}

/** Maximum events in one step: more mean retries without a pause. */
const MAX_EVENTS = 4_000;

/** Timers with a longer delay fire at once, as in every runtime. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** Waits until all microtasks have run, including microtasks that they cause. */
export const drainMicrotasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Virtual time. Nothing waits for real time. */
export class Clock {
  /** The virtual time, in epoch milliseconds. */
  now = 1_700_000_000_000;
  /** Number of active timers of the client. */
  timers = 0;
  #heap: Entry[] = [];
  #order = 0;
  #events = 0;

  /** Schedules `run` at a time, or now if that time is over. */
  at(at: number, lane: Lane, run: () => void): Entry {
    const entry: Entry = { at: Math.max(at, this.now), order: this.#order++, lane, run };
    push(this.#heap, entry);
    return entry;
  }

  /** Schedules `run` on the server's side after some milliseconds. */
  later(milliseconds: number, run: () => void): Entry {
    return this.at(this.now + milliseconds, "server", run);
  }

  /** Cancels a scheduled event. */
  cancel(entry: Entry | undefined): void {
    if (entry) entry.run = undefined;
  }

  /** The client's `setTimeout`. */
  setTimeout = (callback: () => unknown, milliseconds: number): Entry => {
    this.timers += 1;
    const delay = milliseconds > MAX_DELAY_MS || !(milliseconds > 0) ? 1 : milliseconds;
    const entry = this.at(this.now + delay, "timer", () => {
      this.timers -= 1;
      callback();
    });
    return entry;
  };

  /** The client's `clearTimeout`. */
  clearTimeout = (timer: unknown): void => {
    const entry = timer as Entry | undefined;
    if (entry?.run) {
      this.timers -= 1;
      entry.run = undefined;
    }
  };

  /** Advances the time to `until`. Microtasks run after each event of the client. */
  async advance(until: number, stop?: () => boolean): Promise<void> {
    this.#events = 0;
    await drainMicrotasks();
    for (let entry; (entry = this.#next(until));) {
      this.now = entry.at;
      await this.#fire(entry);
      if (stop?.()) return;
    }
    this.now = Math.max(this.now, until);
  }

  /**
   * Freezes the client's process until `until`. Its due timers and socket events then happen late, in random order. The
   * other lanes continue.
   */
  async freeze(until: number, chance: SeededRandom): Promise<void> {
    this.#events = 0;
    await drainMicrotasks();
    const late: Record<"timer" | "socket", Entry[]> = { timer: [], socket: [] };
    for (let entry; (entry = this.#next(until));) {
      this.now = entry.at;
      if (entry.lane === "server") entry.run!();
      else late[entry.lane].push(entry);
    }
    this.now = until;
    while (late.timer.length + late.socket.length > 0) {
      const lane = late.timer.length === 0 || (late.socket.length > 0 && chance.happens(0.5)) ? "socket" : "timer";
      const entry = late[lane].shift()!;
      if (entry.run) await this.#fire(entry);
    }
  }

  #next(until: number): Entry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (!first || (first.run && first.at > until)) return undefined;
      pop(this.#heap);
      if (first.run) return first;
    }
  }

  async #fire(entry: Entry): Promise<void> {
    if ((this.#events += 1) > MAX_EVENTS) throw new Error(`more than ${MAX_EVENTS} events in one step`);
    const run = entry.run!;
    entry.run = undefined;
    run();
    if (entry.lane !== "server") await drainMicrotasks();
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

const push = (heap: Entry[], entry: Entry): void => {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = entry;
};

const pop = (heap: Entry[]): void => {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
};
