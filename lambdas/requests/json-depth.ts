/**
 * Depth of a value's nested objects and lists. It does not recurse, because the value may be too deep for the stack.
 */
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
