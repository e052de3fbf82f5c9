import { PatternError } from "./error.js";

/** Whether one value of an event is what an operator describes. */
export type Test = (value: unknown) => boolean;

/** `prefix`: a text, or `{ "equals-ignore-case": text }`. */
export const prefix = (operand: unknown, at: string): Test =>
  part(operand, at, (value, wanted) => value.startsWith(wanted));

/** `suffix`: a text, or `{ "equals-ignore-case": text }`. */
export const suffix = (operand: unknown, at: string): Test =>
  part(operand, at, (value, wanted) => value.endsWith(wanted));

/** `equals-ignore-case`: a text. */
export const equalsIgnoringCase = (operand: unknown, at: string): Test => {
  const wanted = text(operand, at).toLowerCase();
  return (value) => typeof value === "string" && value.toLowerCase() === wanted;
};

/**
 * `wildcard`: a text where `*` stands for any characters; `\*` and `\\` are these characters themselves.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
 */
export const wildcard = (operand: unknown, at: string): Test => {
  const pattern = text(operand, at);
  if (/(^|[^\\])(\\\\)*\*\*/.test(pattern)) throw new PatternError(`${at} has two wildcards in a row`);
  if (/\\(?![*\\])/.test(pattern.replace(/\\[*\\]/g, "")))
    throw new PatternError(`${at} has a backslash that escapes nothing`);
  // Each stretch between wildcards is looked for after the one before it, so that no pattern can take long.
  const [first = "", ...rest] = stretchesOf(pattern);
  const last = rest.pop();
  return (value) => {
    if (typeof value !== "string") return false;
    if (last === undefined) return value === first;
    if (!value.startsWith(first)) return false;
    let from = first.length;
    for (const stretch of rest) {
      const found = value.indexOf(stretch, from);
      if (found < 0) return false;
      from = found + stretch.length;
    }
    return value.length - last.length >= from && value.endsWith(last);
  };
};

/** What stands between the wildcards, unescaped. */
const stretchesOf = (pattern: string): string[] => {
  const stretches: string[] = [];
  let stretch = "";
  for (const [token] of pattern.matchAll(/\\[*\\]|[^]/g)) {
    if (token !== "*") stretch += token.slice(-1);
    else {
      stretches.push(stretch);
      stretch = "";
    }
  }
  return [...stretches, stretch];
};

const part = (operand: unknown, at: string, matches: (value: string, wanted: string) => boolean): Test => {
  const ignoringCase = isIgnoringCase(operand);
  const wanted = text(ignoringCase ? operand["equals-ignore-case"] : operand, at);
  if (!ignoringCase) return (value) => typeof value === "string" && matches(value, wanted);
  return (value) => typeof value === "string" && matches(value.toLowerCase(), wanted.toLowerCase());
};

const isIgnoringCase = (operand: unknown): operand is { "equals-ignore-case": unknown } =>
  typeof operand === "object" && operand !== null && Object.keys(operand).join() === "equals-ignore-case";

const text = (operand: unknown, at: string): string => {
  if (typeof operand !== "string") throw new PatternError(`${at} takes a text`);
  return operand;
};
