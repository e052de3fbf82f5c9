import type { Call } from "../iam/policy.js";

/**
 * What invoking a function needs permission for.
 * @param arn with the qualifier, where the caller names one
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
 */
export const invokeCall = (arn: string): Call => ({ action: "lambda:InvokeFunction", resource: arn });
