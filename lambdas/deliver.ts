import type { SQSEvent } from "aws-lambda";
import { createFanOut } from "./aws/publishing.js";
import { deliverSegment } from "./core/fan-out.js";
import { decodeSegment } from "./core/segments.js";

const system = createFanOut();

/**
 * The Lambda behind the queue: delivers one segment of a fan-out. What fails is delivered again when its visibility
 * timeout is over, and is in the dead-letter queue in the end.
 */
export const handler = async ({ Records }: SQSEvent): Promise<void> => {
  for (const { body } of Records) await deliverSegment(system, decodeSegment(body));
};
