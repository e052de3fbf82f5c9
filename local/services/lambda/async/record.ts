import type { InvokeResult } from "../../../core/invoker.js";
import { LATEST_VERSION, payloadOf } from "../invoke/responses.js";
import type { FinishedEvent } from "./queue.js";

/**
 * The record that a destination receives.
 * @param arn the function's ARN
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export const invocationRecord = (finished: FinishedEvent, arn: string, now: Date) => ({
  version: "1.0",
  timestamp: now.toISOString(),
  requestContext: {
    requestId: finished.requestId,
    functionArn: `${arn}:${LATEST_VERSION}`,
    condition: finished.condition,
    approximateInvokeCount: finished.attempts,
  },
  requestPayload: finished.event,
  ...response(finished.result, finished.requestId),
});

/** A function that did not run has no response. */
const response = (result: InvokeResult, requestId: string): object => {
  if (!result.ok && result.kind === "throttled") return {};
  const functionError = result.ok ? {} : { functionError: "Unhandled" };
  return {
    responseContext: { statusCode: 200, executedVersion: LATEST_VERSION, ...functionError },
    responsePayload: payloadOf(result, requestId),
  };
};
