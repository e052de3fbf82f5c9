/** How many letters of a name may be wrong, as a share of its length, for a name that was meant. */
const WRONG = 0.4;

/** How many letters have to be changed, added or left out to make one text of another (Levenshtein). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let at = 1; at <= to.length; at++) {
      const replaced = row[at - 1]! + (from[line - 1] === to[at - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[at]! + 1, next[at - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
};

/** The name that was probably meant, if there is one. Capitals do not matter. */
export const nearest = (name: string, names: readonly string[]): string | undefined => {
  const distances = names.map((each) => ({ each, far: distance(name.toLowerCase(), each.toLowerCase()) }));
  const [best] = distances.sort((one, other) => one.far - other.far);
  return best && best.far <= Math.max(1, Math.floor(name.length * WRONG)) ? best.each : undefined;
};
