import { BlockList, isIP } from "node:net";

/** Why an event pattern is not one, or is not understood here: a sentence without a period. */
export class PatternError extends Error {
  override name = "PatternError";
}

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

/** Ends that are not empty: everything would begin and end with them. */
const NEVER_EMPTY = new Set(["prefix", "suffix"]);

/**
 * `anything-but`: a text, a number, a list of either, or an operator with a text or a list of texts. Any value that is
 * none of them matches, `null` and values of other types included; a field that is not there does not.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-anything-but
 */
const anythingBut = (operand: unknown, at: string): Test => {
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
  const read = Object.hasOwn(NESTED_OPERATORS, operator) ? NESTED_OPERATORS[operator] : undefined;
  if (!read || more.length > 0) throw new PatternError(`${at} has the operator ${operator}, which is not known here`);
  const list: unknown[] = Array.isArray(values) ? values : [values];
  const valid =
    list.length > 0 && list.every((each) => typeof each === "string" && !(NEVER_EMPTY.has(operator) && each === ""));
  if (!valid) throw new PatternError(`${at}: ${operator} takes a text or a list of texts`);
  return list.map((each) => read(each, `${at}: ${operator}`));
};

const isOperator = (operand: unknown): operand is object =>
  typeof operand === "object" && operand !== null && !Array.isArray(operand) && Object.keys(operand).length > 0;

/** Whether one value of an event is what an operator describes. */
export type Test = (value: unknown) => boolean;

/** `prefix`: a text, or `{ "equals-ignore-case": text }`. */
const prefix = (operand: unknown, at: string): Test => part(operand, at, (value, wanted) => value.startsWith(wanted));

/** `suffix`: a text, or `{ "equals-ignore-case": text }`. */
const suffix = (operand: unknown, at: string): Test => part(operand, at, (value, wanted) => value.endsWith(wanted));

/** `equals-ignore-case`: a text. */
const equalsIgnoringCase = (operand: unknown, at: string): Test => {
  const wanted = text(operand, at).toLowerCase();
  return (value) => typeof value === "string" && value.toLowerCase() === wanted;
};

/**
 * `wildcard`: a text where `*` stands for any characters; `\*` and `\\` are these characters themselves.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
 */
const wildcard = (operand: unknown, at: string): Test => {
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
const numeric = (operand: unknown, at: string): Test => {
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

const BITS: Record<number, number> = { 4: 32, 6: 128 };

/** `cidr`: a range of IP addresses, such as `10.0.0.0/24`, of either version. */
const cidr = (operand: unknown, at: string): Test => {
  const [, address = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(String(operand)) ?? [];
  const version = isIP(address);
  const bits = BITS[version] ?? -1;
  if (Number(prefix) > bits) throw new PatternError(`${at} takes a range of addresses such as 10.0.0.0/24`);
  const range = new BlockList();
  range.addSubnet(address, Number(prefix), family(version));
  return (value) => typeof value === "string" && isIP(value) === version && range.check(value, family(version));
};

const family = (version: number): "ipv4" | "ipv6" => (version === 6 ? "ipv6" : "ipv4");

/** Operators that `anything-but` takes; each with a text or a list of them. */
const NESTED_OPERATORS: Record<string, (operand: unknown, at: string) => Test> = {
  prefix,
  suffix,
  wildcard,
  "equals-ignore-case": equalsIgnoringCase,
};
