/**
 * Calls the application. In a microtask of its own: what the application throws is reported as any uncaught error and
 * breaks nothing here, callbacks never run before the call that caused them has returned, and they keep their order.
 */
export const tell = <Args extends unknown[]>(callback: ((...args: Args) => void) | undefined, ...args: Args): void =>
  queueMicrotask(() => callback?.(...args));

/** Listeners by event. */
export class Emitter<Events> {
  readonly _listeners: { [Event in keyof Events]?: Set<(value: Events[Event]) => void> } = {};

  /** Adds a listener; the returned function removes it, at once. */
  _on<Event extends keyof Events>(event: Event, listener: (value: Events[Event]) => void): () => void {
    const listeners = (this._listeners[event] ??= new Set());
    // Wrapped, so that a function that is added twice is two listeners, each with its own removal.
    const entry = (value: Events[Event]): void => {
      if (listeners.has(entry)) listener(value);
    };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Tells an event, once this turn is over: whoever has begun to listen by then hears it. */
  _emit<Event extends keyof Events>(event: Event, value: Events[Event]): void {
    tell(() => {
      for (const listener of this._listeners[event] ?? []) tell(listener, value);
    });
  }
}
