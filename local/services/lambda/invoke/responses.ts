import type { InvokeResult } from "../../../core/invoker.js";
import { MAX_ASYNC_BYTES, MAX_SYNC_BYTES, LOG_TAIL_BYTES } from "./limits.js";

/** An HTTP answer of Lambda's `Invoke`. */
export interface InvokeResponse {
  status: number;
  headers: Record<string, string>;
  /** JSON; empty: none. */
  body: string;
}

/** The only version of a function there is here. */
export const LATEST_VERSION = "$LATEST";

/**
 * An error of Lambda's protocol.
 * @param type what the SDK makes its exception from
 */
const errorResponse = (status: number, type: string, message: string, more: object = {}): InvokeResponse => ({
  status,
  headers: { "content-type": "application/json", "x-amzn-errortype": type },
  body: JSON.stringify({ ...more, message }),
});

const CLIENT = { Type: "User" };

/** The errors of `Invoke` that are the caller's. */
export const InvokeErrors = {
  unsigned: errorResponse(403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
  incomplete: errorResponse(403, "IncompleteSignatureException", "Authorization header is incomplete"),
  unknown: errorResponse(403, "UnrecognizedClientException", "The security token included in the request is invalid."),
  invalid: errorResponse(
    403,
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided.",
  ),
  expired: errorResponse(403, "InvalidSignatureException", "Signature expired."),
  unknownOperation: errorResponse(404, "UnknownOperationException", "Only Invoke is served locally."),
  malformedName: errorResponse(400, "ValidationException", "The function's name is neither a name nor an ARN."),
  conflict: errorResponse(
    400,
    "InvalidParameterValueException",
    "The derived qualifier from the function name does not match the specified qualifier.",
    CLIENT,
  ),
  invocationType: errorResponse(
    400,
    "InvalidParameterValueException",
    "The invocation type must be RequestResponse, Event or DryRun.",
    CLIENT,
  ),
  tooLarge: errorResponse(
    413,
    "RequestTooLargeException",
    `Request must be smaller than ${MAX_SYNC_BYTES} bytes for the InvokeFunction operation`,
    CLIENT,
  ),
  failed: errorResponse(500, "ServiceException", "Internal server error", { Type: "Service" }),
} as const;

/** A caller whose role does not permit it; AWS writes `Message` here. */
export const denied = (message: string): InvokeResponse => ({
  ...errorResponse(403, "AccessDeniedException", message),
  body: JSON.stringify({ Message: message }),
});

/** A function that does not exist; AWS writes `Message` here. */
export const notFound = (arn: string): InvokeResponse => ({
  ...errorResponse(404, "ResourceNotFoundException", ""),
  body: JSON.stringify({ ...CLIENT, Message: `Function not found: ${arn}` }),
});

/** A function that AWS would run, and that cannot be run here. */
export const unrunnable = (name: string, reason: string): InvokeResponse =>
  errorResponse(400, "InvalidParameterValueException", `${name} cannot be run locally: ${reason}`, CLIENT);

/** A payload that is no JSON. */
export const notJson = (why: string): InvokeResponse =>
  errorResponse(400, "InvalidRequestContentException", `Could not parse request body into json: ${why}`, CLIENT);

/** An event that is too large for an asynchronous invocation. */
export const tooLargeEvent = (bytes: number): InvokeResponse => {
  const message = `${bytes} byte payload is too large for the Event invocation type (limit ${MAX_ASYNC_BYTES} bytes)`;
  return errorResponse(413, "RequestTooLargeException", message, CLIENT);
};

const throttled = (reason = "ReservedFunctionConcurrentInvocationLimitExceeded"): InvokeResponse =>
  errorResponse(429, "TooManyRequestsException", "Rate Exceeded.", { Reason: reason, ...CLIENT });

/** What an invocation that is not waited for is answered with. */
export const accepted: InvokeResponse = { status: 202, headers: {}, body: "" };

/** What a request to check permissions only is answered with. */
export const permitted: InvokeResponse = { status: 204, headers: {}, body: "" };

/**
 * What came of a synchronous invocation.
 * @param log what the function logged, where the caller asked for it
 */
export const toResponse = (result: InvokeResult, requestId: string, log?: string): InvokeResponse => {
  if (!result.ok && result.kind === "throttled") return throttled(result.reason);
  const payload = payloadOf(result, requestId);
  if (payload === undefined) return InvokeErrors.failed;
  return {
    status: 200,
    headers: {
      "content-type": "application/json",
      "x-amz-executed-version": LATEST_VERSION,
      ...(!result.ok && { "x-amz-function-error": "Unhandled" }),
      ...(log !== undefined && { "x-amz-log-result": tail(log) }),
    },
    body: JSON.stringify(payload),
  };
};

/**
 * What a caller is told of an invocation: the result, or the error as the runtime or Lambda itself reports it.
 * @returns `undefined` for a failure that is not the function's
 */
export const payloadOf = (result: InvokeResult, requestId: string): unknown => {
  if (result.ok) return result.payload ?? null;
  const { error } = result;
  if (!error || !OF_LAMBDA.has(error.errorType)) return error;
  return { errorType: error.errorType, errorMessage: `RequestId: ${requestId} Error: ${error.errorMessage}` };
};

/** Errors that no function has thrown: Lambda puts the request's id before their message. */
const OF_LAMBDA = new Set(["Sandbox.Timedout", "Runtime.ExitError"]);

const tail = (log: string): string => Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString("base64");
