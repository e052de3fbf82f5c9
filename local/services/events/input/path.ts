/** One step of a path: a field's name, an element's index, or all elements. */
type Step = string | number | typeof EVERY;

const EVERY = Symbol("*");
const STEP = /\.([\w/-]+|\*)|\[(\d+|\*)\]/y;

/** Finds a value in an event; `undefined`: there is none. */
export type EventPath = (event: unknown) => unknown;

/**
 * Reads a path such as `$.detail.items[0].name`, in EventBridge's subset of JSONPath. A wildcard returns the list of
 * matches.
 * @returns `undefined` if it is not such a path
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export const readPath = (path: string): EventPath | undefined => {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < path.length) {
    const [, name, index] = STEP.exec(path) ?? [];
    if (name === undefined && index === undefined) return undefined;
    steps.push(name === "*" || index === "*" ? EVERY : (name ?? Number(index)));
  }
  return (event) => find(event, steps);
};

const find = (value: unknown, [step, ...rest]: readonly Step[]): unknown => {
  if (step === undefined) return value;
  if (step !== EVERY) return find(member(value, step), rest);
  const all: unknown[] = typeof value === "object" && value !== null ? Object.values(value) : [];
  return all.map((each) => find(each, rest)).filter((each) => each !== undefined);
};

const member = (value: unknown, step: string | number): unknown => {
  if (typeof step === "number") return Array.isArray(value) ? value[step] : undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;
};
