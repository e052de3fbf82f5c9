import type { IncomingMessage } from "node:http";
import { callerArn, principalArn } from "../../core/authorization/caller.js";
import type { Permissions } from "../../core/authorization/permissions.js";
import type { Call } from "../../core/authorization/call.js";
import { permitsUrl } from "../../core/authorization/resource-policy.js";
import {
  SIGNATURE_ERRORS,
  SIGNATURE_MESSAGES,
  type SignatureFault,
  type SignatureVerifier,
} from "../../core/authorization/signatures.js";
import type { FunctionUrlModel } from "../../assembly/model/urls.js";
import type { ResourcePermission } from "../../core/authorization/resource-permission.js";
import type { UrlCaller } from "./event.js";
import { jsonResponse, type UrlResponse } from "./response.js";

/** The context of authorizing calls of function URLs. */
export interface UrlAccess {
  signatures: SignatureVerifier;
  permissions: Permissions;
  /** Returns the functions' current resource policies. */
  resourcePermissions: () => ResourcePermission[];
}

/** An authorized request with its caller, or the error response. */
export type Admission = { caller?: UrlCaller } | { refused: UrlResponse };

/**
 * AWS requires both actions since October 2025, each with its own condition key.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
const ACTIONS: { action: string; context: (url: FunctionUrlModel) => Record<string, string> }[] = [
  { action: "lambda:InvokeFunctionUrl", context: ({ authType }) => ({ "lambda:functionurlauthtype": authType }) },
  { action: "lambda:InvokeFunction", context: () => ({ "lambda:invokedviafunctionurl": "true" }) },
];

/** Decides about one request. */
export const authorizeUrlRequest = (
  request: IncomingMessage,
  body: Buffer,
  url: FunctionUrlModel,
  access: UrlAccess,
): Admission => {
  if (url.authType === "NONE") return isPublic(url, access) ? {} : { refused: FORBIDDEN };
  const { signatures, permissions } = access;
  const signer = signatures.signer(request, body);
  if ("fault" in signer) return { refused: faultResponse(signer.fault) };
  const { caller, userId } = permissions.callerOf(signer.callerId);
  const asked = {
    functionId: url.functionId,
    authType: url.authType,
    principalArn: principalArn(caller, permissions.place),
  };
  const otherwise = ({ action }: Call) => permitsUrl(access.resourcePermissions(), action, asked);
  if (permissions.check(signer.callerId, callsOf(url), otherwise)) return { refused: FORBIDDEN };
  return { caller: { accessKeyId: signer.accessKeyId, arn: callerArn(caller, permissions.place), userId } };
};

const isPublic = ({ functionId, authType }: FunctionUrlModel, { resourcePermissions }: UrlAccess): boolean =>
  ACTIONS.every(({ action }) => permitsUrl(resourcePermissions(), action, { functionId, authType }));

const callsOf = (url: FunctionUrlModel): Call[] =>
  ACTIONS.map(({ action, context }) => ({
    action,
    resource: url.functionArn,
    context: { ...context(url), "lambda:functionarn": url.functionArn },
  }));

/** @see https://github.com/awsdocs/aws-lambda-developer-guide/issues/494 */
const FORBIDDEN = jsonResponse(
  403,
  {
    Message:
      "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
  },
  { "x-amzn-errortype": "AccessDeniedException" },
);

const faultResponse = (fault: SignatureFault): UrlResponse => {
  if (fault === "unsigned" || fault === "incomplete") return FORBIDDEN;
  const headers = { "x-amzn-errortype": SIGNATURE_ERRORS[fault] };
  return jsonResponse(403, { message: SIGNATURE_MESSAGES[fault] }, headers);
};
