import { randomInt } from "node:crypto";

/** A source of numbers in [0, 1). */
export type Random = () => number;

/** Largest seed that the command line accepts. */
export const MAX_SEED = 2 ** 31 - 1;

const MAX_CHOSEN_SEED = 1_000_000;
const GOLDEN_RATIO = 0x9e3779b1;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Chooses a short seed at random. */
export const chooseSeed = (): number => randomInt(MAX_CHOSEN_SEED);

/**
 * Creates a source that gives the same numbers for the same seed (mulberry32).
 * @example const random = seeded(1); random(); random();
 */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/**
 * Creates a source for one purpose. Sources of other purposes are independent of it, so that the numbers do not depend
 * on the order in which the purposes are served.
 * @example const cuts = randomFor(1, "cuts"); cuts();
 */
export const randomFor = (seed: number, purpose: string): Random => {
  let hash = FNV_OFFSET ^ seed;
  for (const character of purpose) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME);
  return seeded(hash);
};

/** Derives a seed for part `index` of a run: neighbouring parts get unrelated 32-bit integers. */
export const deriveSeed = (seed: number, index: number): number =>
  Math.imul(seed ^ Math.imul(index, GOLDEN_RATIO), 0x85ebca6b);

/** A random integer from `min` to `max`. */
export const randomInteger = (random: Random, min: number, max: number): number =>
  min + Math.floor(random() * (max - min + 1));

/** A random item of a list that is not empty. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
