import { PatternError } from "./error.js";
import type { Test } from "./texts.js";

/**
 * Numbers that patterns may name, and that they match: within plus and minus this.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#filtering-numeric-matching
 */
const MOST = 5e9;

const COMPARE: Record<string, (value: number, bound: number) => boolean> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

/** `numeric`: one comparison, such as `["=", 5]`, or a range, such as `[">", 0, "<=", 5]`. */
export const numeric = (operand: unknown, at: string): Test => {
  if (!Array.isArray(operand)) throw new PatternError(`${at} takes an array`);
  const [operator, bound, upperOperator, upper] = operand as unknown[];
  const compare = comparison(operator, bound, at);
  if (operand.length === 2) return (value) => isNumber(value) && compare(value);
  const isRange = operand.length === 4 && /^>=?$/.test(String(operator)) && /^<=?$/.test(String(upperOperator));
  if (!isRange) throw new PatternError(`${at} takes one comparison, or a lower and then an upper bound`);
  const compareUpper = comparison(upperOperator, upper, at);
  if (Number(bound) >= Number(upper)) throw new PatternError(`${at} has a lower bound that is not below the upper one`);
  return (value) => isNumber(value) && compare(value) && compareUpper(value);
};

const comparison = (operator: unknown, bound: unknown, at: string): ((value: number) => boolean) => {
  const compare = typeof operator === "string" && Object.hasOwn(COMPARE, operator) ? COMPARE[operator] : undefined;
  if (!compare) throw new PatternError(`${at} compares with =, <, <=, > or >=`);
  if (!isNumber(bound)) throw new PatternError(`${at} takes numbers within ±5,000,000,000`);
  return (value) => compare(value, bound);
};

const isNumber = (value: unknown): value is number => typeof value === "number" && Math.abs(value) <= MOST;
