import type { Invoke, Invoked } from "../../guards/invoke-with-retry.js";
import { endpointOf, RequestTimeout, SignedClient, type SignedResponse } from "../http/signed-request.js";

/** Function errors that mean a timeout: Lambda's own, and the one of `guardHandler` from `push-it-server/guards`. */
const OUT_OF_TIME = new Set(["Sandbox.Timedout", "GuardTimeout"]);

/** The JSON error of Lambda or of a function; an empty object if it is anything else. */
const errorOf = (body: string): Record<string, unknown> => {
  try {
    const error: unknown = JSON.parse(body);
    return typeof error === "object" && error !== null ? { ...error } : {};
  } catch {
    return {};
  }
};

/** An error's type for the log; empty if it does not look like a type's name. */
const typeName = (value: unknown): string => (typeof value === "string" && /^[\w.:$-]{1,80}$/.test(value) ? value : "");

const resultOf = ({ status, headers, body }: SignedResponse, asynchronous: boolean): Invoked => {
  const failed = headers["x-amz-function-error"];
  if (failed !== undefined) {
    const { errorType, errorMessage } = errorOf(body);
    const type = typeName(errorType);
    // Lambda has not always sent the type.
    if (OUT_OF_TIME.has(type) || / Task timed out after \d/.test(String(errorMessage))) return { kind: "timeout" };
    return { kind: "failed", detail: `function error ${String(failed)}${type && `, ${type}`}`, said: body };
  }
  if (asynchronous && status === 202) return { kind: "accepted" };
  if (!asynchronous && status === 200) return { kind: "answered", payload: body };
  const type = typeName(String(headers["x-amzn-errortype"] ?? "").split(":")[0]);
  const isRetryable = status === 429 || status >= 500;
  return {
    kind: "failed",
    detail: `Lambda answered ${status}${type && ` ${type}`}`,
    said: body,
    ...(isRetryable && { passing: isRetryable }),
  };
};

/**
 * Invokes functions over Lambda's API, at the endpoint in `AWS_ENDPOINT_URL_LAMBDA`, or the Region's.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const lambdaInvoke = (): Invoke => {
  const client = new SignedClient({ service: "lambda", endpoint: endpointOf("lambda", "LAMBDA") });
  return async (arn, payload, { timeoutMs, asynchronous }) => {
    try {
      const response = await client.send({
        method: "POST",
        path: `/2015-03-31/functions/${encodeURIComponent(arn)}/invocations`,
        headers: {
          "Content-Type": "application/json",
          "X-Amz-Invocation-Type": asynchronous ? "Event" : "RequestResponse",
        },
        body: payload,
        timeoutMs,
      });
      return resultOf(response, asynchronous);
    } catch (error) {
      if (error instanceof RequestTimeout) return { kind: "timeout" };
      const code = typeName((error as NodeJS.ErrnoException).code) || "no code";
      return { kind: "failed", detail: `Lambda could not be reached (${code})`, passing: true };
    }
  };
};
