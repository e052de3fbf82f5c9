import type { SQSEvent } from "aws-lambda";
import { createFanOut } from "./aws/publishing.js";
import { deliverSegment } from "./core/fan-out.js";
import { atReceive, decodeSegment } from "./core/segments.js";

const system = createFanOut();

/**
 * The Lambda behind the queue: delivers one segment of a fan-out. What fails is delivered again when its visibility
 * timeout is over. What has failed too often is given up: its subscribers are closed, so that they know. Where that
 * fails too, it is in the dead-letter queue in the end.
 */
export const handler = async ({ Records }: SQSEvent): Promise<void> => {
  for (const { body, attributes } of Records) {
    await deliverSegment(system, atReceive(decodeSegment(body), Number(attributes.ApproximateReceiveCount)));
  }
};
