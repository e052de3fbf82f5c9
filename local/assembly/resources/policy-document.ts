import type { Condition, Selection, Statement } from "../model/policies.js";

/**
 * Resolves a part of a template.
 * @throws Error with the reason if the part has no value locally
 */
export type Resolve = (value: unknown) => unknown;

/**
 * Reads a policy document. An element that cannot be resolved is recorded in its statement, and the rest of the
 * statement is read.
 * @param document as it is in the template, intrinsic functions included
 * @throws Error if the document itself cannot be resolved
 */
export const readStatements = (document: unknown, resolve: Resolve): Statement[] =>
  listOf(memberOf(document, "Statement", resolve)).flatMap((raw) => {
    const statement = isIntrinsic(raw) ? resolve(raw) : raw;
    return typeof statement === "object" && statement !== null ? readStatement(statement as RawStatement, resolve) : [];
  });

type RawStatement = Record<string, unknown>;

const readStatement = (raw: RawStatement, resolve: Resolve): Statement => ({
  effect: raw.Effect === "Allow" ? "Allow" : "Deny",
  actions: readSelection(raw, "Action", resolve),
  resources: readSelection(raw, "Resource", resolve),
  conditions: readConditions(raw.Condition, resolve),
});

const readSelection = (raw: RawStatement, name: "Action" | "Resource", resolve: Resolve): Selection => {
  const not = raw[`Not${name}`] !== undefined;
  const selection: Selection = { not, patterns: [], unknown: [] };
  for (const each of listOf(raw[not ? `Not${name}` : name])) {
    try {
      selection.patterns.push(...textsOf(each, resolve));
    } catch (error) {
      selection.unknown.push((error as Error).message);
    }
  }
  return selection;
};

/** `{ StringEquals: { "aws:RequestedRegion": ["eu-west-1"] } }`, line by line. */
const readConditions = (raw: unknown, resolve: Resolve): Condition[] =>
  Object.entries(raw ?? {}).flatMap(([operator, keys]: [string, unknown]) =>
    Object.entries(keys ?? {}).map(([key, values]: [string, unknown]) => ({
      operator,
      key,
      values: valuesOf(values, resolve),
    })),
  );

const valuesOf = (raw: unknown, resolve: Resolve): string[] | undefined => {
  try {
    return textsOf(raw, resolve);
  } catch {
    return undefined;
  }
};

/** A member of something that may itself be the result of an intrinsic function, such as `Fn::If`. */
const memberOf = (raw: unknown, name: string, resolve: Resolve): unknown => {
  const value = isIntrinsic(raw) ? resolve(raw) : raw;
  return (value as Record<string, unknown> | null | undefined)?.[name];
};

const isIntrinsic = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.keys(value).some((key) => key === "Ref" || key.startsWith("Fn::"));

const listOf = (value: unknown): unknown[] => (value === undefined ? [] : [value].flat());

/** The strings of a value. A symbol stands for a part that the template leaves out (`AWS::NoValue`). */
const textsOf = (value: unknown, resolve: Resolve): string[] =>
  listOf(resolve(value)).flatMap((each) => (typeof each === "symbol" ? [] : [String(each)]));
