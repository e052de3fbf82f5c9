import type { SessionListener } from "./guard-events.js";

/** The listeners of a session. */
export class SessionListeners {
  readonly #listeners: Partial<SessionListener>[] = [];

  add(listener: Partial<SessionListener>): void {
    this.#listeners.push(listener);
  }

  /** Calls the handler of an event in each listener that has one. */
  emit<Event extends keyof SessionListener>(event: Event, ...values: Parameters<SessionListener[Event]>): void {
    for (const listener of this.#listeners) {
      const handle = listener[event] as ((...args: Parameters<SessionListener[Event]>) => void) | undefined;
      handle?.(...values);
    }
  }
}
