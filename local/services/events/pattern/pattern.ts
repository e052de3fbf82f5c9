import { type Matcher, readMatcher, PatternError } from "./operators.js";

/** Whether an event, or a part of one, matches a pattern. */
export type EventPattern = (event: unknown) => boolean;

/** Names of operators: an object of `$or` that has one of them as a field makes `$or` a field's name. */
const RESERVED = new Set([
  "exactly",
  "prefix",
  "suffix",
  "exists",
  "anything-but",
  "numeric",
  "cidr",
  "wildcard",
  "equals-ignore-case",
]);

/**
 * Reads an event pattern.
 * @param pattern an object, or its JSON text
 * @throws PatternError if EventBridge would refuse it, or if it has an unknown operator
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 * @example
 * const matches = readPattern({ source: ["aws.s3"], detail: { size: [{ numeric: [">", 0] }] } });
 * matches({ source: "aws.s3", detail: { size: 5 } }); // true
 */
export const readPattern = (pattern: unknown): EventPattern => {
  const value = typeof pattern === "string" ? parsed(pattern) : pattern;
  if (!isObject(value)) throw new PatternError("it is not an object");
  return readObject(value, "");
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new PatternError("it is not JSON");
  }
};

const readObject = (pattern: Record<string, unknown>, path: string): EventPattern => {
  const fields = Object.entries(pattern).map(([name, value]) => readField(name, value, path));
  if (fields.length === 0) throw new PatternError(`${path || "it"} is empty`);
  const matches = (event: unknown): boolean => {
    // An element of a list must match as a whole: fields of different elements do not add up.
    if (Array.isArray(event)) return event.some(matches);
    const object = isObject(event) ? event : {};
    return fields.every((field) => field(object));
  };
  return matches;
};

type Field = (event: Record<string, unknown>) => boolean;

const readField = (name: string, value: unknown, path: string): Field => {
  const at = path ? `${path}.${name}` : name;
  if (name === "$or" && isOr(value)) {
    const alternatives = value.map((each) => readObject(each, path));
    return (event) => alternatives.some((matches) => matches(event));
  }
  if (isObject(value)) {
    const matches = readObject(value, at);
    return (event) => matches(own(event, name));
  }
  if (!Array.isArray(value)) throw new PatternError(`${at} must be an object or an array`);
  if (value.length === 0) throw new PatternError(`${at} is an empty array`);
  const matchers = value.map((each: unknown): Matcher => readMatcher(each, at));
  return (event) => {
    const leaves = leavesOf(own(event, name));
    return matchers.some((matches) => matches(leaves));
  };
};

/** `$or` is an operator only if its value looks like one. */
const isOr = (value: unknown): value is Record<string, unknown>[] =>
  Array.isArray(value) &&
  value.length > 1 &&
  value.every((each) => isObject(each) && !Object.keys(each).some((key) => RESERVED.has(key)));

/** The values at the end of a path: each element of a list; objects are none. */
const leavesOf = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  return value === undefined || isObject(value) ? [] : [value];
};

const own = (event: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(event, name) ? event[name] : undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
