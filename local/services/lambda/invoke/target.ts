import type { Call } from "../../../core/authorization/call.js";
import type { Place } from "../../../core/place.js";

/** Which function a request means. */
export interface Target {
  /** The function's name. */
  name: string;
  /** A version or alias; absent: the request names none. */
  qualifier?: string;
  /** Its ARN for permission checks, with the qualifier if there is one. */
  arn: string;
}

/** Why a request names no function of this run. */
export type TargetFault = "malformed" | "conflict" | "elsewhere";

const PATH = /^\/2015-03-31\/functions\/([^/?]+)\/invocations(?:\?(.*))?$/;

/**
 * A name, a partial or a full ARN, each with or without a qualifier.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
const NAME =
  /^(?:arn:(aws[a-zA-Z-]*):lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([\w-]{1,140})(?::(\$LATEST|[\w-]+))?$/;

/** The two parts of an invocation's path; `undefined` when the path is not one. */
export const invocationPath = (url: string): { functionName: string; qualifier?: string } | undefined => {
  const [, encoded, query = ""] = PATH.exec(url) ?? [];
  if (encoded === undefined) return undefined;
  const qualifier = new URLSearchParams(query).get("Qualifier");
  return { functionName: decoded(encoded), ...(qualifier !== null && { qualifier }) };
};

/**
 * Finds out which function is meant.
 * @param asked the request's `Qualifier`
 * @returns `elsewhere` for a function of another account, Region or partition
 */
export const targetOf = (functionName: string, asked: string | undefined, place: Place): Target | TargetFault => {
  const match = NAME.exec(functionName);
  if (!match) return "malformed";
  const [, partition = place.partition, region = place.region, account = place.account, name = "", said] = match;
  if (said !== undefined && asked !== undefined && said !== asked) return "conflict";
  if (partition !== place.partition || region !== place.region || account !== place.account) return "elsewhere";
  const qualifier = said ?? asked;
  const arn = `arn:${partition}:lambda:${region}:${account}:function:${name}`;
  return qualifier === undefined ? { name, arn } : { name, qualifier, arn: `${arn}:${qualifier}` };
};

/** Decodes a name. An invalid name is refused later. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/**
 * The permission that invoking a function needs.
 * @param arn with the qualifier, if the caller names one
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
export const invokeCall = (arn: string): Call => ({ action: "lambda:InvokeFunction", resource: arn });
