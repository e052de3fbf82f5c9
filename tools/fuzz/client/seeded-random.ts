import { type Random, seeded } from "../../lib/random.js";

/** Seeded random numbers. The seed 0 gives only zeros, so that a shrunk command has no random effects. */
export class SeededRandom {
  #draw: Random = seeded(0);
  #still = true;

  constructor(seed = 0) {
    this.reseed(seed);
  }

  /** Starts another sequence. */
  reseed(seed: number): void {
    this.#still = seed === 0;
    this.#draw = seeded(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#still ? 0 : this.#draw();
  }

  /** The SDK's `Math.random()`. Not all zeros, or the SDK would retry without a pause. */
  random(): number {
    return this.#still ? 0.5 : this.#draw();
  }

  /** A whole number from 0 to `count - 1`. */
  int(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** Whether something with this probability happens; never with the seed 0. */
  happens(probability: number): boolean {
    return this.next() > 1 - probability;
  }

  /** A random value; the first with the seed 0. */
  pick<Value>(values: readonly Value[]): Value {
    return values[this.int(values.length)]!;
  }

  /** A random delay in milliseconds: mostly short, sometimes up to `most`. 0 with the seed 0. */
  delay(most: number): number {
    const scale = this.next();
    return Math.floor(most * scale ** 4 * this.next());
  }
}
