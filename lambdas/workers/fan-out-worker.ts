import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { AttemptsTable } from "../aws/dynamodb/attempts-table.js";
import { createFanOutDependencies } from "../aws/publish-dependencies.js";
import { deliverSegment } from "../delivery/fan-out.js";
import { atAttempt, attemptOf, decodeSegment } from "../delivery/segments.js";

const system = createFanOutDependencies();
const attempts = new AttemptsTable(system.table, system.clock);

/** How long after its worker's time is over a segment comes back, in seconds: then the worker has died. */
const AFTER_TIMEOUT_SECONDS = 5;

/**
 * The Lambda behind the queue: delivers one segment of a fan-out. If it fails, the segment comes back and is delivered
 * again. If too many workers have failed, the next one closes the recipients, so that they know. If that fails too, the
 * segment is in the dead-letter queue in the end.
 */
export const handler = async (
  { Records }: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<void> => {
  for (const record of Records) await deliver(record, Math.ceil(context.getRemainingTimeInMillis() / 1_000));
};

const deliver = async ({ body, messageId, receiptHandle, attributes }: SQSRecord, seconds: number): Promise<void> => {
  const noted = system.segments.comesBackIn(seconds + AFTER_TIMEOUT_SECONDS, receiptHandle);
  try {
    const attempt = await attemptOf(attempts, messageId, Number(attributes.ApproximateReceiveCount));
    await deliverSegment(system, atAttempt(decodeSegment(body), attempt));
  } finally {
    // Lambda freezes work that the function does not await.
    await noted;
  }
};
