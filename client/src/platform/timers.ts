import type { Platform } from "./platform.js";

/**
 * The longest delay of a timer, in milliseconds. With a longer one it would fire at once.
 * @see https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout#maximum_delay_value
 */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * How late a timer may fire, in milliseconds. If it fires later, this process slept, and messages that arrived
 * meanwhile may still wait behind the timer.
 */
const LATE_MS = 2_000;

/** zone.js, which Angular uses, keeps the platform's own timers under these names. */
type ZonePlatform = Platform & {
  __zone_symbol__setTimeout?: Platform["setTimeout"];
  __zone_symbol__clearTimeout?: Platform["clearTimeout"];
};

/** The clock, the timers and the randomness of a platform. */
export class Timers {
  /** Whether a waiting timer keeps a Node process alive. */
  keepAlive = false;
  readonly #platform: Platform;
  readonly #setTimeout: Platform["setTimeout"];
  readonly #clearTimeout: Platform["clearTimeout"];

  constructor(platform: ZonePlatform) {
    this.#platform = platform;
    // Timers run outside of Angular's zone, so that they neither keep an application unstable nor run change detection.
    this.#setTimeout = (platform.__zone_symbol__setTimeout ?? platform.setTimeout).bind(platform);
    this.#clearTimeout = (platform.__zone_symbol__clearTimeout ?? platform.clearTimeout).bind(platform);
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#platform.Date.now();
  }

  /** A number from 0 to `limit`. */
  random(limit: number): number {
    return limit * this.#platform.Math.random();
  }

  /**
   * Calls `callback` once, after `milliseconds`. A delay that is too long for a timer never ends.
   * @returns a function that cancels the call
   */
  after(milliseconds: number, callback: () => void): () => void {
    if (!(milliseconds <= MAX_DELAY_MS)) return () => {};
    const timer = this.#setTimeout(callback, Math.max(0, milliseconds));
    if (!this.keepAlive) (timer as { unref?(): void }).unref?.();
    return () => this.#clearTimeout(timer);
  }

  /**
   * Calls `expired` unless it is cancelled within `milliseconds`. If the timer fires late, messages that arrived
   * meanwhile are handled first.
   * @returns a function that cancels the call
   */
  deadline(milliseconds: number, expired: () => void): () => void {
    const due = this.now() + milliseconds;
    let cancel = this.after(milliseconds, () => {
      if (this.now() > due + LATE_MS) cancel = this.after(LATE_MS, expired);
      else expired();
    });
    return () => cancel();
  }
}
