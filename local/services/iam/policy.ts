import type { Policies, Selection, Statement } from "../../assembly/model/policies.js";
import type { Call, CallContext } from "../../core/authorization/call.js";
import { conditionHolds, describeCondition } from "./conditions.js";
import { matchesAction, matchesResource } from "../../core/authorization/patterns.js";

/** One action on one resource, as a statement allows it: both may have wildcards. */
export interface Grant {
  action: string;
  resource: string;
}

/** The result of evaluating policies for a call. */
export type Verdict =
  | { allowed: true; grant: Grant }
  | {
      allowed: false;
      because: "no-allow" | "explicit-deny" | "boundary";
      /** Unknown parts of policies that might have permitted the call. */
      doubts: string[];
    };

/**
 * Evaluates a call as IAM does: an explicit deny wins, and a call without an allow is denied. Unknown conditions,
 * variables and values never allow a call; in a deny statement they deny it.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export const evaluate = ({ statements, boundary }: Policies, call: Call, context: CallContext): Verdict => {
  const bounded = boundary && decide(boundary, call, context);
  const verdict = decide(statements, call, context);
  if (!verdict.allowed || !bounded || bounded.allowed) return verdict;
  return bounded.because === "explicit-deny" ? bounded : { ...bounded, because: "boundary" };
};

const decide = (statements: readonly Statement[], call: Call, context: CallContext): Verdict => {
  const doubts: string[] = [];
  let grant: Grant | undefined;
  for (const statement of statements) {
    const match = matching(statement, call, context);
    if (match === undefined) continue;
    if (statement.effect === "Deny") return { allowed: false, because: "explicit-deny", doubts: match.doubts };
    if (match.doubts.length > 0) doubts.push(...match.doubts);
    else grant ??= match.grant;
  }
  return grant ? { allowed: true, grant } : { allowed: false, because: "no-allow", doubts };
};

interface Match {
  grant: Grant;
  /** Why it is not sure that the statement is about the call. */
  doubts: string[];
}

/** How a statement is about a call; `undefined`: it certainly is not. */
const matching = (statement: Statement, call: Call, context: CallContext): Match | undefined => {
  const action = selected(statement.actions, (pattern) => matchesAction(pattern, call.action));
  const resource = selected(statement.resources, (pattern) => matchesResource(pattern, call.resource, context));
  if (!action || !resource) return undefined;
  const doubts = [...action.doubts, ...resource.doubts];
  for (const condition of statement.conditions) {
    const holds = conditionHolds(condition, context);
    if (holds === false) return undefined;
    if (holds === undefined) doubts.push(`the condition ${describeCondition(condition)} cannot be evaluated locally`);
  }
  return { grant: { action: action.pattern, resource: resource.pattern }, doubts };
};

const selected = (
  { not, patterns, unknown }: Selection,
  matches: (pattern: string) => boolean | undefined,
): { pattern: string; doubts: string[] } | undefined => {
  const doubts = [...unknown];
  for (const pattern of patterns) {
    const match = matches(pattern);
    if (match === true) return not ? undefined : { pattern, doubts: [] };
    if (match === undefined) doubts.push(`${pattern} has a variable that is not known locally`);
  }
  if (not) return { pattern: excluding(patterns), doubts };
  return doubts.length > 0 ? { pattern: patterns.join(", "), doubts } : undefined;
};

const excluding = (patterns: string[]): string => `all but ${patterns.join(", ")}`;

/** Everything that statements allow, one by one. */
export const grantsOf = (statements: readonly Statement[]): Grant[] =>
  statements
    .filter(({ effect }) => effect === "Allow")
    .flatMap(({ actions, resources }) =>
      namesOf(actions).flatMap((action) => namesOf(resources).map((resource) => ({ action, resource }))),
    );

const namesOf = ({ not, patterns }: Selection): string[] => (not ? [excluding(patterns)] : patterns);
