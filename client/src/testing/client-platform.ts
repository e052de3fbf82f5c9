import type { PageEvent, Platform } from "../platform/platform.js";
import type { Clock } from "./clock.js";

type Listener = (event: PageEvent) => void;

/** The platform of one client: the fake's clock and timers, no randomness, and events of a page that the test causes. */
export class ClientPlatform implements Platform {
  readonly Date: { now(): number };
  /** Random waits are half of the longest one. */
  readonly Math = { random: (): number => 0.5 };
  readonly document = { hidden: false };
  readonly #clock: Clock;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.Date = { now: () => clock.now() };
  }

  setTimeout(callback: () => unknown, milliseconds: number): unknown {
    return this.#clock.after(milliseconds, callback);
  }

  clearTimeout(timer: unknown): void {
    (timer as (() => void) | undefined)?.();
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Dispatches an event of the page. */
  dispatch(type: string): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ type });
  }
}
