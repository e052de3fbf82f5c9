import { seeded } from "../lib/random.js";

/** Numbers in [0, 1). */
export type Random = () => number;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A source of random numbers for each name: what one of them is asked changes nothing for the others, so that what
 * happens in another order from run to run gets the same numbers all the same.
 * @example const cuts = sourceOf(1, "cuts"); cuts();
 */
export const sourceOf = (seed: number, name: string): Random => {
  let hash = FNV_OFFSET ^ seed;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME);
  return seeded(hash);
};

/** A whole number from `least` to `most`. */
export const between = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

/** One of a list that is not empty. */
export const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
