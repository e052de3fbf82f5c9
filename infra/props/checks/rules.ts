import { type Duration, RemovalPolicy, Token } from "aws-cdk-lib";
import * as logs from "aws-cdk-lib/aws-logs";
import type { IConstruct } from "constructs";
import { validationError } from "../validation-error.js";
import { nearest } from "./nearest.js";

/**
 * Throws if a value does not have the type `T`: an app in JavaScript has no type check. Missing values pass, and so do
 * values that are known only at deployment.
 */
export interface Rule<T> {
  (scope: IConstruct, path: string, value: unknown): void;
  /** Never set. It makes rules of different types different types. */
  readonly of?: T;
}

/** A rule for each prop of an interface. A prop without a rule does not compile. */
export type Shape<T> = { readonly [name in keyof Required<T>]: Rule<NonNullable<T[name]>> };

const passes = (value: unknown): boolean => value === undefined || Token.isUnresolved(value);

/** A rule that `is` checks. */
const must =
  <T>(what: string, is: (value: unknown) => boolean): Rule<T> =>
  (scope, path, value) => {
    if (!passes(value) && !is(value)) throw validationError(scope, `${path} is ${shown(value)}, but must be ${what}`);
  };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const has = (value: unknown, name: string): boolean => isObject(value) && name in value;

/** How many characters of a value an error quotes. */
const SHOWN = 60;

/** A value in an error. */
const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return value.name ? `the function ${value.name}` : "a function";
  if (!isObject(value)) return String(value);
  const { name } = value.constructor ?? {};
  return name && name !== "Object" ? `an object of the class ${name}` : "an object";
};

/** Text. */
export const text = must<string>("a string", (value) => typeof value === "string");

/** A number. Its range is checked elsewhere. */
export const number = must<number>("a number", (value) => typeof value === "number");

/** `true` or `false`. */
export const boolean = must<boolean>("true or false", (value) => typeof value === "boolean");

/** `true` or `false`, or what another rule checks. */
export const booleanOr =
  <T>(what: string, rule: Rule<T>): Rule<boolean | T> =>
  (scope, path, value) => {
    if (typeof value === "boolean" || passes(value)) return;
    must(`true, false, or ${what}`, isObject)(scope, path, value);
    rule(scope, path, value);
  };

/** A duration. It is recognized by its methods, because an app can have two copies of the CDK. */
export const duration = must<Duration>("a Duration, such as Duration.seconds(10)", (value) =>
  has(value, "toMilliseconds"),
);

/** Anything. */
export const anything: Rule<NonNullable<unknown>> = () => {};

/** One of an enum's values. */
export const oneOf = <T extends string | number>(
  name: string,
  values: Readonly<Record<string, string | T>>,
): Rule<T> => {
  // An enum of numbers has the names among its values, too.
  const own = Object.entries(values).filter(([key]) => Number.isNaN(Number(key)));
  const some = own.map(([key]) => `${name}.${key}`);
  const what = some.length > 8 ? `one of ${name}, such as ${some.slice(0, 3).join(", ")}` : `one of ${some.join(", ")}`;
  return must<T>(what, (value) => own.some(([, each]) => each === value));
};

/** An object of the CDK, recognized by a property that all objects of its type have. */
export const having = <T>(property: keyof T & string, what: string): Rule<T> =>
  must<T>(what, (value) => has(value, property));

/** Checks a member of a list or record, which must not be undefined. */
const member = (item: Rule<unknown>, scope: IConstruct, path: string, value: unknown): void => {
  if (value === undefined) throw validationError(scope, `${path} is undefined: give it a value, or leave it out`);
  item(scope, path, value);
};

/** A list. */
export const list =
  <T>(what: string, item: Rule<T>): Rule<T[]> =>
  (scope, path, value) => {
    must(`a list of ${what}`, Array.isArray)(scope, path, value);
    if (Array.isArray(value) && !passes(value))
      value.forEach((each, at) => member(item, scope, `${path}[${at}]`, each));
  };

/** An object with members by name. */
export const record =
  <T>(what: string, item: Rule<T>): Rule<{ readonly [key: string]: T }> =>
  (scope, path, value) => {
    must(what, isObject)(scope, path, value);
    if (!isObject(value) || passes(value)) return;
    for (const [key, each] of Object.entries(value)) member(item, scope, `${path}[${JSON.stringify(key)}]`, each);
  };

const below = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/** Further names that an object with props can have. */
interface OtherNames {
  /** Names that other code checks. */
  readonly names?: readonly string[];
  /** Whether other code checks unknown names. Then a name is refused only if it is similar to a prop. */
  readonly open?: boolean;
}

/** An object with props. */
export const struct =
  <T>(shape: Shape<T>, { names: others = [], open = false }: OtherNames = {}): Rule<T> =>
  (scope, path, value) => {
    must<T>("an object with props", (each) => isObject(each) && !has(each, "toMilliseconds"))(
      scope,
      path || "props",
      value,
    );
    if (!isObject(value) || passes(value)) return;
    const names = Object.keys(shape);
    const strays = Object.keys(value).filter(
      (each) => value[each] !== undefined && !Object.hasOwn(shape, each) && !others.includes(each),
    );
    for (const name of strays) {
      const meant = nearest(name, names);
      if (meant !== undefined)
        throw validationError(scope, `${below(path, name)} is not a prop. Did you mean "${meant}"?`);
      if (!open)
        throw validationError(scope, `${below(path, name)} is not a prop. The props here are ${names.join(", ")}`);
    }
    for (const [name, rule] of Object.entries<Rule<unknown>>(shape)) rule(scope, below(path, name), value[name]);
  };

export const texts = record("an object with strings", text);
export const removalPolicy = oneOf("RemovalPolicy", RemovalPolicy);
export const retention = oneOf<logs.RetentionDays>("logs.RetentionDays", logs.RetentionDays);
