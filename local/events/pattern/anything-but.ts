import { PatternError } from "./error.js";
import { equalsIgnoringCase, prefix, suffix, type Test, wildcard } from "./texts.js";

/** Operators that `anything-but` takes; each with a text or a list of them. */
const OPERATORS: Record<string, (operand: unknown, at: string) => Test> = {
  prefix,
  suffix,
  wildcard,
  "equals-ignore-case": equalsIgnoringCase,
};

/** Ends that are not empty: everything would begin and end with them. */
const NEVER_EMPTY = new Set(["prefix", "suffix"]);

/**
 * `anything-but`: a text, a number, a list of either, or an operator with a text or a list of texts. Any value that is
 * none of them matches, `null` and values of other types included; a field that is not there does not.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-anything-but
 */
export const anythingBut = (operand: unknown, at: string): Test => {
  const tests = isOperator(operand) ? ofOperator(operand, at) : ofValues(operand, at);
  return (value) => !tests.some((test) => test(value));
};

const ofValues = (operand: unknown, at: string): Test[] => {
  const values: unknown[] = Array.isArray(operand) ? operand : [operand];
  const types = new Set(values.map((value) => typeof value));
  const [type = ""] = types;
  if (types.size !== 1 || !["string", "number"].includes(type))
    throw new PatternError(`${at} takes texts only, or numbers only`);
  return values.map((wanted) => (value) => value === wanted);
};

const ofOperator = (operand: object, at: string): Test[] => {
  const [[operator = "", values] = [], ...more] = Object.entries(operand) as [string, unknown][];
  const read = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (!read || more.length > 0) throw new PatternError(`${at} has the operator ${operator}, which is not known here`);
  const list: unknown[] = Array.isArray(values) ? values : [values];
  const valid =
    list.length > 0 && list.every((each) => typeof each === "string" && !(NEVER_EMPTY.has(operator) && each === ""));
  if (!valid) throw new PatternError(`${at}: ${operator} takes a text or a list of texts`);
  return list.map((each) => read(each, `${at}: ${operator}`));
};

const isOperator = (operand: unknown): operand is object =>
  typeof operand === "object" && operand !== null && !Array.isArray(operand) && Object.keys(operand).length > 0;
