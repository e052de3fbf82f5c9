/** How deep the objects and lists of a value are nested; does not recurse, because what is measured may be too deep for that. */
export const jsonDepth = (value: unknown): number => {
  let depth = 0;
  let level: unknown[] = [value].filter(isNest);
  while (level.length > 0) {
    depth += 1;
    level = level.flatMap((each): unknown[] => Object.values(each as object)).filter(isNest);
  }
  return depth;
};

const isNest = (value: unknown): boolean => typeof value === "object" && value !== null;
