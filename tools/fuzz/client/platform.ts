import type { SeededRandom } from "./seeded-random.js";
import type { Clock } from "./clock.js";

type PageListener = (event: { type: string }) => void;

/** The page's events that the model makes. */
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

  /** Gives an event to whoever listens. */
  dispatch(type: string): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ type });
  }
}

/** The world of one client: clock, timers, randomness and page, all in the walk's hands. */
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
    // Ids only have to differ.
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

  /** How many listeners the client has on the page. */
  get listeners(): number {
    return this.#window.size + this.#page.size;
  }

  /** A page event, which reaches `window` also from `document`. */
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

  /** Tells the page that its network is there, or is not. */
  online(online: boolean): void {
    if (this.navigator.onLine === online) return;
    this.navigator.onLine = online;
    this.dispatch(online ? "online" : "offline");
  }
}
