import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { AttemptsTable } from "../aws/dynamodb/attempts-table.js";
import { invokeNotifier } from "../aws/create-dependencies.js";
import { createFanOutDependencies } from "../aws/publish-dependencies.js";
import { deliverSegment } from "../delivery/fan-out.js";
import { atAttempt, attemptOf, decodeSegment, decodeWakeUp } from "../delivery/segments.js";

const system = createFanOutDependencies();
const announce = invokeNotifier();
const attempts = new AttemptsTable(system.table, system.clock);

/** How long after its worker's time is over a segment comes back, in seconds: then the worker has died. */
const AFTER_TIMEOUT_SECONDS = 5;

/**
 * The Lambda behind the queue: delivers one segment of a fan-out, or starts the presence notifier when leaves are due. If
 * it fails, the segment comes back and is delivered again. If too many workers have failed, the next one closes the
 * recipients, so that they know. If that fails too, the segment is in the dead-letter queue in the end.
 */
export const handler = async (
  { Records }: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<void> => {
  for (const record of Records) {
    const wakeUp = decodeWakeUp(record.body);
    if (wakeUp) await startNotifier(wakeUp);
    else await deliver(record, Math.ceil(context.getRemainingTimeInMillis() / 1_000));
  }
};

/** The notifier cannot invoke itself. If this fails, its next run is a minute later, so the message does not come back. */
const startNotifier = (channels: readonly string[]): Promise<void> =>
  announce(channels).catch((error: unknown) =>
    system.log.error("announce_not_invoked", { channels, error: String(error) }),
  );

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
