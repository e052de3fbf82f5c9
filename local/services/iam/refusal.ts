import type { Call } from "../../core/authorization/call.js";
import type { Place } from "../../core/place.js";
import { type Caller, callerArn } from "../../core/authorization/caller.js";
import type { Verdict } from "./policy.js";

type Denied = Extract<Verdict, { allowed: false }>;

/**
 * A refusal in AWS's words.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export const denialMessage = (caller: Caller, { action, resource }: Call, { because }: Denied, place: Place): string =>
  `User: ${callerArn(caller, place)} is not authorized to perform: ${action} on resource: ${resource} ` +
  REASONS[because](action);

const REASONS: Record<Denied["because"], (action: string) => string> = {
  "no-allow": (action) => `because no identity-based policy allows the ${action} action`,
  "explicit-deny": () => "with an explicit deny in an identity-based policy",
  boundary: (action) => `because no permissions boundary allows the ${action} action`,
};
