import type { Place } from "../lambda/variables.js";
import { callerArn, type Caller } from "./caller.js";
import type { Call, Verdict } from "./policy.js";

type Denied = Extract<Verdict, { allowed: false }>;

/**
 * A refusal in AWS's words.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export const refusalOf = (caller: Caller, { action, resource }: Call, { because }: Denied, place: Place): string =>
  `User: ${callerArn(caller, place)} is not authorized to perform: ${action} on resource: ${resource} ` +
  REASONS[because](action);

const REASONS: Record<Denied["because"], (action: string) => string> = {
  "no-allow": (action) => `because no identity-based policy allows the ${action} action`,
  "explicit-deny": () => "with an explicit deny in an identity-based policy",
  boundary: (action) => `because no permissions boundary allows the ${action} action`,
};

/**
 * A refusal in the words of `@connections`: the account is masked, and the connection is not named.
 * @see https://github.com/aws/aws-cdk/issues/18410
 */
export const connectionsRefusal = (caller: Caller, { action, resource }: Call, place: Place): string => {
  const masked = resource
    .replace(/^((?:[^:]*:){4})\d+(\d{4}):/, "$1********$2:")
    .replace(/@connections\/.*$/, "@connections/{connectionId}");
  return `User: ${callerArn(caller, place)} is not authorized to perform: ${action} on resource: ${masked}`;
};
