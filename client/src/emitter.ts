/** zone.js, if the page has it: Angular runs change detection after what runs in its zone. */
interface ZoneJs {
  Zone?: { current: { wrap<Callback>(callback: Callback, source: string): Callback } };
}

/**
 * Calls the application in a microtask of its own, so that its exceptions are uncaught errors and do not stop the SDK.
 * A callback never runs before the call that caused it has returned. Callbacks keep their order.
 */
export const defer = <Args extends unknown[]>(callback: ((...args: Args) => void) | undefined, ...args: Args): void =>
  queueMicrotask(() => callback?.(...args));

/** A callback that runs in the current zone, if there are zones. */
export const inZone = <Callback>(callback: Callback): Callback => {
  const { Zone } = globalThis as ZoneJs;
  return Zone && callback ? Zone.current.wrap(callback, "push-it-client") : callback;
};

/** Listeners by event. */
export class Emitter<Events> {
  /** Each listener, and the owner that added it. */
  readonly #listeners: { [Event in keyof Events]?: Map<(value: Events[Event]) => void, object | undefined> } = {};
  readonly #onUnhandled: (event: keyof Events, value: Events[keyof Events]) => void;

  /** @param onUnhandled called with an event that has no listener */
  constructor(onUnhandled: (event: keyof Events, value: Events[keyof Events]) => void = () => {}) {
    this.#onUnhandled = onUnhandled;
  }

  /** Adds a listener. The returned function removes it at once. */
  on<Event extends keyof Events>(event: Event, listener: (value: Events[Event]) => void, owner?: object): () => void {
    const listeners = (this.#listeners[event] ??= new Map());
    const called = inZone(listener);
    // Wrapped, because a function that is added twice is two listeners, and each is removed separately.
    const entry = (value: Events[Event]): void => {
      if (listeners.has(entry)) called(value);
    };
    listeners.set(entry, owner);
    return () => void listeners.delete(entry);
  }

  /**
   * Emits an event when the running code has ended. A listener that is added until then receives it.
   * @param isFor whether the listeners of an owner receive it; by default all do
   */
  emit<Event extends keyof Events>(
    event: Event,
    value: Events[Event],
    isFor: (owner: object | undefined) => boolean = () => true,
  ): void {
    defer(() => {
      const listeners = this.#listeners[event];
      if (!listeners?.size) this.#onUnhandled(event, value);
      for (const [listener, owner] of listeners ?? []) if (isFor(owner)) defer(listener, value);
    });
  }
}
