import type { PageEvent, Platform } from "../../../client/src/index.js";

interface Timer {
  id: number;
  at: number;
  callback: () => void;
}

/** A platform whose time passes only when a test advances it. */
export class FakePlatform implements Platform {
  /** The clock's time, in epoch milliseconds. */
  now = 1_000_000;
  /** The result of `Math.random()`. */
  random = 0.5;
  readonly Date = { now: (): number => this.now };
  readonly Math = { random: (): number => this.random };
  readonly document: { hidden: boolean; onfreeze?: unknown } & Pick<
    FakePlatform,
    "addEventListener" | "removeEventListener"
  > = {
    hidden: false,
    addEventListener: (type, listener) => this.addEventListener(type, listener),
    removeEventListener: (type, listener) => this.removeEventListener(type, listener),
  };
  /** The test's own `fetch`, for the probe over HTTPS. */
  fetch?: Platform["fetch"];
  readonly #page = new EventTarget();
  readonly #listeners = new Set<(event: PageEvent) => void>();
  #timers: Timer[] = [];
  #id = 0;

  /** How many timers run. */
  get timers(): number {
    return this.#timers.length;
  }

  /** How many functions listen to events of the page. */
  get listeners(): number {
    return this.#listeners.size;
  }

  setTimeout(callback: () => void, milliseconds: number): unknown {
    const id = ++this.#id;
    this.#timers.push({ id, at: this.now + milliseconds, callback });
    return id;
  }

  clearTimeout(id: unknown): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  }

  addEventListener(type: string, listener: (event: PageEvent) => void): void {
    this.#listeners.add(listener);
    this.#page.addEventListener(type, listener);
  }

  removeEventListener(type: string, listener: (event: PageEvent) => void): void {
    this.#listeners.delete(listener);
    this.#page.removeEventListener(type, listener);
  }

  /** Dispatches an event of the page. */
  dispatch(type: string, fields: Partial<PageEvent> = {}): void {
    this.#page.dispatchEvent(Object.assign(new Event(type), fields));
  }

  /** Lets time pass. Every timer fires when it is due. */
  advance(milliseconds: number): void {
    const until = this.now + milliseconds;
    for (let timer; (timer = this.#next(until));) this.#fire(timer, timer.at);
    this.now = until;
  }

  /** The process sleeps or is frozen: the clock moves on, and due timers fire only afterwards, late. */
  sleep(milliseconds: number): void {
    this.now += milliseconds;
    const late = this.#timers.filter((timer) => timer.at <= this.now).sort((a, b) => a.at - b.at);
    for (const timer of late) if (this.#timers.includes(timer)) this.#fire(timer, this.now);
  }

  #next(until: number): Timer | undefined {
    return this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
  }

  #fire(timer: Timer, at: number): void {
    this.now = at;
    this.clearTimeout(timer.id);
    timer.callback();
  }
}
