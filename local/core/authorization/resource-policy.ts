import type { Place } from "../place.js";
import type { ResourcePermission } from "./resource-permission.js";
import { matchesAction, matchesResource } from "./patterns.js";

/** An invocation by a service, as resource policies see it. */
export interface Invocation {
  functionId: string;
  /** A service, such as `events.amazonaws.com`. */
  service: string;
  /** ARN of the invoking resource in this account. */
  sourceArn: string;
}

/**
 * Whether a function's resource policy lets a service invoke it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
 */
export const mayInvoke = (permissions: ResourcePermission[], invocation: Invocation, { account }: Place): boolean =>
  permissions.some(
    ({ functionId, action, principal, sourceArn, sourceAccount, conditional }) =>
      functionId === invocation.functionId &&
      principal === invocation.service &&
      matchesAction(action, "lambda:InvokeFunction") &&
      (sourceArn === undefined || matchesResource(sourceArn, invocation.sourceArn, {}) === true) &&
      (sourceAccount === undefined || sourceAccount === account) &&
      !conditional,
  );

/** An invocation through a function URL, as resource policies see it. */
export interface UrlInvocation {
  functionId: string;
  authType: "AWS_IAM" | "NONE";
  /** The caller's role or user. Absent if the request is not signed. */
  principalArn?: string;
}

/**
 * Whether a function's resource policy permits an action through its URL.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
export const permitsUrl = (permissions: ResourcePermission[], wanted: string, invocation: UrlInvocation): boolean =>
  permissions.some((each) => {
    const { functionId, action, principal, sourceArn, sourceAccount, authType } = each;
    const named = principal === "*" || (invocation.principalArn !== undefined && principal === invocation.principalArn);
    return (
      functionId === invocation.functionId &&
      named &&
      matchesAction(action, wanted) &&
      (authType === undefined || (wanted === "lambda:InvokeFunctionUrl" && authType === invocation.authType)) &&
      // A request to a URL comes from no resource and, unless it is signed, from no account.
      sourceArn === undefined &&
      sourceAccount === undefined &&
      (!each.conditional || each.conditional === "url")
    );
  });
