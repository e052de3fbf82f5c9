import { PRICES } from "../../../local/meter/prices.js";

/** What a simulation has used, in what AWS charges for. */
export interface Usage {
  /** API Gateway messages, in 32 KB steps. */
  messages: number;
  invocations: number;
  gbMs: number;
  reads: number;
  writes: number;
  /** Queue requests, in 64 KB steps. */
  queueRequests: number;
}

/** Nothing yet. */
export const noUsage = (): Usage => ({
  messages: 0,
  invocations: 0,
  gbMs: 0,
  reads: 0,
  writes: 0,
  queueRequests: 0,
});

/** What that costs, in USD. */
export const usdOf = ({ messages, invocations, gbMs, reads, writes, queueRequests }: Usage): number => {
  const { apiGateway, lambda, dynamodb, sqs } = PRICES;
  const millions =
    messages * apiGateway.messages +
    invocations * lambda.requests +
    reads * dynamodb.readUnits +
    writes * dynamodb.writeUnits +
    queueRequests * sqs.requests;
  return millions / 1e6 + (gbMs / 1_000) * lambda.gbSecond;
};
