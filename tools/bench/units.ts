import { BATCH_BYTES, BATCH_ENTRIES } from "../../lambdas/aws/sqs/segment-queue.js";
import { PRICES, QUEUE_METER_BYTES, meteredUnits } from "../../local/meter/prices.js";

/** Billed units of AWS. */
export interface Units {
  /** API Gateway messages, in steps of 32 KB. */
  messages: number;
  invocations: number;
  gbSeconds: number;
  readUnits: number;
  writeUnits: number;
  /** SQS requests, in steps of 64 KB. */
  queueRequests: number;
}

/** Creates a count of units that starts at 0. */
export const noUnits = (): Units => ({
  messages: 0,
  invocations: 0,
  gbSeconds: 0,
  readUnits: 0,
  writeUnits: 0,
  queueRequests: 0,
});

/** The price of the units, in USD. */
export const usdOf = ({ messages, invocations, gbSeconds, readUnits, writeUnits, queueRequests }: Units): number => {
  const { apiGateway, lambda, dynamodb, sqs } = PRICES;
  const millions =
    messages * apiGateway.messages +
    invocations * lambda.requests +
    readUnits * dynamodb.readUnits +
    writeUnits * dynamodb.writeUnits +
    queueRequests * sqs.requests;
  return millions / 1e6 + gbSeconds * lambda.gbSecond;
};

/**
 * Bytes of a DynamoDB write unit.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
 */
export const WRITE_UNIT_BYTES = 1_024;

/** SQS requests that sending one segment is billed for: its part of a full batch. */
export const SEND_SEGMENT_REQUESTS = meteredUnits(BATCH_BYTES, QUEUE_METER_BYTES) / BATCH_ENTRIES;

/** SQS requests that receiving and deleting one segment is billed for. */
export const RECEIVE_SEGMENT_REQUESTS = 2;
