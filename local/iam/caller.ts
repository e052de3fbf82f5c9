import type { Place } from "../lambda/variables.js";
import type { CallContext } from "./patterns.js";

/** Who calls: a function in its role. */
export interface Caller {
  /** The role's name. */
  role: string;
  /** The function's name: what Lambda calls its sessions. */
  session: string;
}

/** How AWS names a caller in its refusals. */
export const callerArn = ({ role, session }: Caller, { partition, account }: Place): string =>
  `arn:${partition}:sts::${account}:assumed-role/${role}/${session}`;

/**
 * What conditions and variables of policies may ask about a call. Calls are as secure as they will be in AWS, whatever
 * carries them here.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export const contextOf = ({ role }: Caller, { partition, account, region }: Place): CallContext => ({
  "aws:principalaccount": account,
  "aws:principalarn": `arn:${partition}:iam::${account}:role/${role}`,
  "aws:principaltype": "AssumedRole",
  "aws:requestedregion": region,
  "aws:resourceaccount": account,
  "aws:securetransport": "true",
});
