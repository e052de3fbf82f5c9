/** What a simulation has used, in what AWS charges for. */
export interface Used {
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
export const nothingUsed = (): Used => ({ messages: 0, invocations: 0, gbMs: 0, reads: 0, writes: 0, queueRequests: 0 });

/**
 * What AWS charges in us-east-1, in USD, as of November 2026; first tier, without free tiers. Messages, invocations,
 * units and queue requests by the million; GB-seconds one by one.
 * @see https://aws.amazon.com/api-gateway/pricing/
 * @see https://aws.amazon.com/lambda/pricing/
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 * @see https://aws.amazon.com/sqs/pricing/
 */
export const USD = { messages: 1, invocations: 0.2, gbSecond: 0.0000133334, reads: 0.125, writes: 0.625, queueRequests: 0.4 } as const;

/** What that costs, in USD. */
export const usdOf = ({ messages, invocations, gbMs, reads, writes, queueRequests }: Used): number =>
  (messages * USD.messages + invocations * USD.invocations + reads * USD.reads + writes * USD.writes + queueRequests * USD.queueRequests) / 1e6 +
  (gbMs / 1_000) * USD.gbSecond;
