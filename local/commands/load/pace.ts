import { LEAST_PACE, RECOVERY_PER_SECOND, REFUSAL_MS } from "./limits.js";

/** How fast a load publishes: as asked, and half as fast after each refusal. Times are milliseconds. */
export class Pace {
  #rate: number;
  #since = 0;
  #refusedAt = -Infinity;
  #refusals = 0;

  /** @param asked publications a second */
  constructor(private readonly asked: number) {
    this.#rate = asked;
  }

  /** How often the rate was halved. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Whether the server refuses so much that the load should end. */
  get isOver(): boolean {
    return this.#rate < this.asked * LEAST_PACE;
  }

  /** Publications a second now. */
  rateAt(now: number): number {
    const recovered = Math.max(0, now - this.#since) / 1_000;
    return Math.min(this.asked, this.#rate + recovered * RECOVERY_PER_SECOND * this.asked);
  }

  /** The server refused a publication because of the rate. */
  refused(now: number): void {
    // Publications that were sent before this refusal give no new information.
    if (now - this.#refusedAt < REFUSAL_MS) return;
    this.#rate = this.rateAt(now) / 2;
    this.#since = this.#refusedAt = now;
    this.#refusals += 1;
  }
}
