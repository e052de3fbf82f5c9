import type { Condition } from "../../assembly/model/policies.js";
import type { CallContext } from "../../core/authorization/call.js";
import { matchesResource, matchesText, withVariables } from "../../core/authorization/patterns.js";

/** Whether a condition holds: `undefined` is a doubt, and a doubt never permits anything. */
type Outcome = boolean | undefined;

type Compare = (value: string, wanted: string, context: CallContext) => Outcome;

const equals: Compare = (value, wanted, context) => {
  const text = withVariables(wanted, context);
  return text === undefined ? undefined : value === text;
};

const equalsIgnoringCase: Compare = (value, wanted, context) => {
  const text = withVariables(wanted, context);
  return text === undefined ? undefined : value.toLowerCase() === text.toLowerCase();
};

const like: Compare = (value, wanted, context) => matchesText(wanted, value, context);

const arnLike: Compare = (value, wanted, context) => matchesResource(wanted, value, context);

/** The supported operators. With `not`, the condition holds if no value matches. */
const OPERATORS: Record<string, { compare: Compare; not?: true }> = {
  StringEquals: { compare: equals },
  StringNotEquals: { compare: equals, not: true },
  StringEqualsIgnoreCase: { compare: equalsIgnoringCase },
  StringNotEqualsIgnoreCase: { compare: equalsIgnoringCase, not: true },
  StringLike: { compare: like },
  StringNotLike: { compare: like, not: true },
  ArnEquals: { compare: arnLike },
  ArnNotEquals: { compare: arnLike, not: true },
  ArnLike: { compare: arnLike },
  ArnNotLike: { compare: arnLike, not: true },
  Bool: { compare: equalsIgnoringCase },
};

const IF_EXISTS = "IfExists";

/**
 * Whether a condition holds for a call.
 * @returns `undefined` if the operator, the key or a variable is unknown locally
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const conditionHolds = ({ operator, key, values }: Condition, context: CallContext): Outcome => {
  const known = OPERATORS[operator.replace(IF_EXISTS, "")];
  const value = context[key.toLowerCase()];
  // A key that is unknown here may exist in AWS, so `IfExists` and `Null` cannot be evaluated without it.
  if (value === undefined || values === undefined) return undefined;
  if (operator === "Null") return values.some((each) => each.toLowerCase() === "false");
  if (!known) return undefined;
  const outcomes = values.map((wanted) => known.compare(value, wanted, context));
  const some = outcomes.includes(true) || (outcomes.includes(undefined) ? undefined : false);
  return known.not && some !== undefined ? !some : some;
};

/** A condition as a policy would be read aloud, for messages. */
export const describeCondition = ({ operator, key, values }: Condition): string =>
  `${operator} ${key} ${values?.join(" or ") ?? "(unknown)"}`;
