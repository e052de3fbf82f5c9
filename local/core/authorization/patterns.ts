import type { CallContext } from "./call.js";

/** A wildcard, or a policy variable such as `${aws:PrincipalAccount}` or `${*}`. */
const SPECIAL = /\$\{([^}]*)\}|[*?]/g;

/** `${*}`, `${?}` and `${$}` are these characters themselves. */
const LITERALS = new Set(["*", "?", "$"]);

/** The expression for a wildcard. In an ARN it matches within its segment, unless the star ends the segment. */
const WILDCARDS = {
  text: { star: ".*", last: ".*", one: "." },
  arn: { star: "[^:]*", last: ".*", one: "[^:]" },
};

const kept = new Map<string, RegExp>();

/**
 * Whether an action matches a pattern such as `dynamodb:*Item`. Case does not matter.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
 */
export const matchesAction = (pattern: string, action: string): boolean =>
  expression(pattern.toLowerCase(), "text", {})?.test(action.toLowerCase()) === true;

/**
 * Whether a resource matches a pattern; `undefined` if the pattern has an unknown variable.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export const matchesResource = (pattern: string, resource: string, context: CallContext): boolean | undefined =>
  pattern === "*" ? true : expression(pattern, "arn", context)?.test(resource);

/** Whether a text is like a pattern of `StringLike`; `undefined` when the pattern has an unknown variable. */
export const matchesText = (pattern: string, text: string, context: CallContext): boolean | undefined =>
  expression(pattern, "text", context)?.test(text);

/** Replaces the policy variables of a text. Returns `undefined` if one of them is unknown. */
export const withVariables = (text: string, context: CallContext): string | undefined => {
  let known = true;
  const result = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = valueOf(name, context);
    known &&= value !== undefined;
    return value ?? "";
  });
  return known ? result : undefined;
};

const valueOf = (name: string, context: CallContext): string | undefined =>
  LITERALS.has(name) ? name : context[name.toLowerCase()];

/** A pattern without variables is the same for every call. */
const expression = (pattern: string, kind: keyof typeof WILDCARDS, context: CallContext): RegExp | undefined => {
  if (pattern.includes("${")) return compile(pattern, kind, context);
  const name = `${kind} ${pattern}`;
  const known = kept.get(name) ?? compile(pattern, kind, context);
  if (known) kept.set(name, known);
  return known;
};

const compile = (pattern: string, kind: keyof typeof WILDCARDS, context: CallContext): RegExp | undefined => {
  const { star, last, one } = WILDCARDS[kind];
  let source = "";
  let at = 0;
  for (const match of pattern.matchAll(SPECIAL)) {
    const [special, variable] = match;
    const end = match.index + special.length;
    source += literal(pattern.slice(at, match.index));
    at = end;
    if (special === "?") source += one;
    else if (special === "*") source += end === pattern.length || pattern[end] === ":" ? last : star;
    else {
      const value = valueOf(variable ?? "", context);
      if (value === undefined) return undefined;
      source += literal(value);
    }
  }
  return new RegExp(`^${source}${literal(pattern.slice(at))}$`, "s");
};

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
