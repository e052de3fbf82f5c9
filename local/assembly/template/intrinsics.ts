/** A value of the template that has no value locally. The message is the reason. */
export class Unresolvable extends Error {
  override name = "Unresolvable";
}

/** The value of `{"Ref": "AWS::NoValue"}`: the property or element is left out. */
export const NO_VALUE = Symbol("AWS::NoValue");

/** The names that intrinsic functions refer to. */
export interface Scope {
  /**
   * `Ref` of a resource, parameter or pseudo parameter, or (with `attribute`) `Fn::GetAtt`.
   * @throws Unresolvable
   */
  lookup(name: string, attribute?: string): unknown;
  /** A named condition's definition. */
  condition(name: string): unknown;
  /** `Fn::FindInMap`; `undefined` when it is not there. */
  mapping(map: string, first: string, second: string): unknown;
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/**
 * Resolves a part of a template as CloudFormation does.
 * @throws Unresolvable for an unknown intrinsic function or name
 */
export const resolve = (value: unknown, scope: Scope): unknown => {
  if (Array.isArray(value)) return value.map((each) => resolve(each, scope)).filter((each) => each !== NO_VALUE);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value) as [string, unknown][];
  const [name, argument] = entries[0] ?? ["", undefined];
  if (entries.length === 1 && isIntrinsic(name)) return call(name, argument, scope);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, resolve(each, scope)] as const).filter(([, each]) => each !== NO_VALUE),
  );
};

/** Whether a condition of the template holds. */
export const holds = (condition: unknown, scope: Scope): boolean => {
  const value = resolve(condition, scope);
  if (typeof value !== "boolean") throw new Unresolvable(`${JSON.stringify(condition)} is not a condition`);
  return value;
};

const isIntrinsic = (name: string): boolean => name === "Ref" || name === "Condition" || name.startsWith("Fn::");

const call = (name: string, argument: unknown, scope: Scope): unknown => {
  const intrinsic = INTRINSICS[name];
  if (!intrinsic) throw new Unresolvable(`${name} is not known here`);
  return intrinsic(argument, scope);
};

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (name, scope) => scope.lookup(text(name)),
  Condition: (name, scope) => holds(scope.condition(text(name)), scope),
  "Fn::GetAtt": (argument, scope) => {
    const [resource, ...attribute] = typeof argument === "string" ? argument.split(".") : list(argument);
    return scope.lookup(
      text(resource),
      text(resolve(attribute.length > 1 ? attribute.join(".") : attribute[0], scope)),
    );
  },
  "Fn::Join": (argument, scope) => {
    const [separator, parts] = list(argument);
    return list(resolve(parts, scope)).map(text).join(text(separator));
  },
  "Fn::Sub": (argument, scope) => substitute(argument, scope),
  "Fn::Select": (argument, scope) => {
    const [index, from] = list(argument).map((each) => resolve(each, scope));
    const selected = list(from)[Number(index)];
    if (selected === undefined) throw new Unresolvable(`Fn::Select has no element ${String(index)}`);
    return selected;
  },
  "Fn::Split": (argument, scope) => {
    const [separator, whole] = list(argument).map((each) => text(resolve(each, scope)));
    return whole!.split(separator!);
  },
  "Fn::FindInMap": (argument, scope) => {
    const keys = list(resolve(list(argument).slice(0, 3), scope)).map(text);
    const found = scope.mapping(keys[0]!, keys[1]!, keys[2]!);
    if (found === undefined) throw new Unresolvable(`the mapping ${keys.join(".")} does not exist`);
    return found;
  },
  "Fn::If": (argument, scope) => {
    const [name, yes, no] = list(argument);
    return resolve(holds(scope.condition(text(name)), scope) ? yes : no, scope);
  },
  "Fn::Equals": (argument, scope) => {
    const [a, b] = list(argument).map((each) => resolve(each, scope));
    return JSON.stringify(a) === JSON.stringify(b) || String(a) === String(b);
  },
  "Fn::And": (argument, scope) => list(argument).every((each) => holds(each, scope)),
  "Fn::Or": (argument, scope) => list(argument).some((each) => holds(each, scope)),
  "Fn::Not": (argument, scope) => !holds(list(argument)[0], scope),
  "Fn::Base64": (argument, scope) => Buffer.from(text(resolve(argument, scope))).toString("base64"),
};

/** Replaces `${Name}`, `${Name.Attribute}`, own variables, and `${!Literal}`. */
const substitute = (argument: unknown, scope: Scope): string => {
  const [pattern, given] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
  const variables = (given ?? {}) as Record<string, unknown>;
  return text(pattern).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (Object.hasOwn(variables, name)) return text(resolve(variables[name], scope));
    const [resource, ...attribute] = name.trim().split(".");
    return text(scope.lookup(resource!, attribute.length > 0 ? attribute.join(".") : undefined));
  });
};

const list = (value: unknown): unknown[] => {
  if (!Array.isArray(value)) throw new Unresolvable(`${JSON.stringify(value)} is not a list`);
  return value;
};

const text = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Unresolvable(`${value === NO_VALUE ? "AWS::NoValue" : JSON.stringify(value)} is not text`);
};
