import { anythingBut } from "./anything-but.js";
import { cidr } from "./cidr.js";
import { PatternError } from "./error.js";
import { numeric } from "./numeric.js";
import { equalsIgnoringCase, prefix, suffix, type Test, wildcard } from "./texts.js";

/** Whether the values of a field are what one element of a pattern's list describes; no values: there is no such field. */
export type Matcher = (values: readonly unknown[]) => boolean;

/**
 * Reads one element of a pattern's list: a value, or an operator.
 * @param at the field, for messages
 * @throws PatternError
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export const readMatcher = (element: unknown, at: string): Matcher => {
  if (Array.isArray(element)) throw new PatternError(`${at} has an array within its array`);
  if (typeof element !== "object" || element === null) return any((value) => value === element);
  const [[operator, operand] = [], ...more] = Object.entries(element) as [string, unknown][];
  if (operator === undefined || more.length > 0) throw new PatternError(`${at} takes one operator in each object`);
  const read = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (!read) throw new PatternError(`${at} has the operator ${operator}, which is not known here`);
  return read(operand, `${at}: ${operator}`);
};

type ReadOperator = (operand: unknown, at: string) => Matcher;

const any =
  (test: Test): Matcher =>
  (values) =>
    values.some(test);

const OPERATORS: Record<string, ReadOperator> = {
  exists: (operand, at) => {
    if (typeof operand !== "boolean") throw new PatternError(`${at} takes true or false`);
    return (values) => values.length > 0 === operand;
  },
  prefix: (operand, at) => any(prefix(operand, at)),
  suffix: (operand, at) => any(suffix(operand, at)),
  wildcard: (operand, at) => any(wildcard(operand, at)),
  "equals-ignore-case": (operand, at) => any(equalsIgnoringCase(operand, at)),
  numeric: (operand, at) => any(numeric(operand, at)),
  cidr: (operand, at) => any(cidr(operand, at)),
  "anything-but": (operand, at) => any(anythingBut(operand, at)),
};
