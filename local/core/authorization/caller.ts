import type { Place } from "../place.js";
import type { CallContext } from "./call.js";

/** A caller: a session of a role (a function's or another one), or a user. */
export type Caller =
  | {
      /** The role's name. */
      role: string;
      /** The session's name: Lambda gives the function's. */
      session: string;
    }
  | {
      /** The user's name. */
      user: string;
    };

/** How AWS names a caller in its refusals. */
export const callerArn = (caller: Caller, { partition, account }: Place): string =>
  "user" in caller
    ? `arn:${partition}:iam::${account}:user/${caller.user}`
    : `arn:${partition}:sts::${account}:assumed-role/${caller.role}/${caller.session}`;

/** How policies name a caller: a user, or the role without its session. */
export const principalArn = (caller: Caller, { partition, account }: Place): string =>
  `arn:${partition}:iam::${account}:${"user" in caller ? `user/${caller.user}` : `role/${caller.role}`}`;

/**
 * The condition keys and policy variables that describe a caller. Local calls count as encrypted, as they are in AWS.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export const contextOf = (caller: Caller, place: Place): CallContext => ({
  "aws:principalaccount": place.account,
  "aws:principalarn": principalArn(caller, place),
  "aws:principaltype": "user" in caller ? "User" : "AssumedRole",
  "aws:requestedregion": place.region,
  "aws:resourceaccount": place.account,
  "aws:securetransport": "true",
  ...("user" in caller && { "aws:username": caller.user }),
});
