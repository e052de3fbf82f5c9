import type { SeededRandom } from "./seeded-random.js";
import type { Clock } from "./clock.js";

type PageListener = (event: { type: string }) => void;

/** The page events that the model dispatches. */
export type PageEvent = "online" | "offline" | "pageshow" | "visibilitychange" | "freeze" | "resume";

/** Listeners by event, as `window` and `document` have them. */
class Target {
  readonly #listeners = new Map<string, Set<PageListener>>();

  /** How many listeners there are. */
  get size(): number {
    let size = 0;
    for (const listeners of this.#listeners.values()) size += listeners.size;
    return size;
  }

  addEventListener = (type: string, listener: PageListener, options?: { signal?: AbortSignal } | boolean): void => {
    if (typeof options === "object" && options.signal?.aborted) return;
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
    if (typeof options === "object")
      options.signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  };

  removeEventListener = (type: string, listener: PageListener): void => {
    this.#listeners.get(type)?.delete(listener);
  };

  /** Dispatches an event to its listeners. */
  dispatch(type: string): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ type });
  }
}

/** The platform of one client: clock, timers, random numbers and page, all controlled by the walk. */
export class Platform {
  readonly Date: { now(): number };
  readonly Math: { random(): number };
  readonly setTimeout: Clock["setTimeout"];
  readonly clearTimeout: Clock["clearTimeout"];
  readonly navigator = { onLine: true };
  readonly document: { hidden: boolean; visibilityState: string } & Pick<
    Target,
    "addEventListener" | "removeEventListener"
  >;
  readonly crypto: { getRandomValues<Values extends Uint8Array>(values: Values): Values };
  readonly #window = new Target();
  readonly #page = new Target();
  readonly addEventListener = this.#window.addEventListener;
  readonly removeEventListener = this.#window.removeEventListener;

  constructor(clock: Clock, chance: SeededRandom) {
    let ids = 0;
    this.Date = { now: () => clock.now };
    this.Math = { random: () => chance.random() };
    this.setTimeout = clock.setTimeout;
    this.clearTimeout = clock.clearTimeout;
    this.document = {
      hidden: false,
      visibilityState: "visible",
      addEventListener: this.#page.addEventListener,
      removeEventListener: this.#page.removeEventListener,
    };
    // Ids only need to be unique.
    this.crypto = {
      getRandomValues: (values) => {
        let id = (ids += 1);
        for (let index = 0; index < values.length; index += 1) {
          values[index] = id % 256;
          id = Math.floor(id / 256);
        }
        return values;
      },
    };
  }

  /** Number of the client's listeners on the page. */
  get listeners(): number {
    return this.#window.size + this.#page.size;
  }

  /** Dispatches a page event on `document` and `window`. */
  dispatch(type: PageEvent): void {
    this.#page.dispatch(type);
    this.#window.dispatch(type);
  }

  /** Hides or shows the page. */
  hide(hidden: boolean): void {
    if (this.document.hidden === hidden) return;
    this.document.hidden = hidden;
    this.document.visibilityState = hidden ? "hidden" : "visible";
    this.dispatch("visibilitychange");
  }

  /** Sets whether the page is online. */
  online(online: boolean): void {
    if (this.navigator.onLine === online) return;
    this.navigator.onLine = online;
    this.dispatch(online ? "online" : "offline");
  }
}
