/** What one function (or whoever else has credentials of the run) has used. */
export interface FunctionCounts {
  /** Runs, retries included; what Lambda throttles is none. */
  invocations: number;
  /** New environments. */
  coldStarts: number;
  /** By the declared latencies, in milliseconds; cold starts included. */
  billedMs: number;
  gbSeconds: number;
  /** Requests to `@connections`. */
  posts: number;
  /** Requests to DynamoDB. */
  dynamoDbCalls: number;
  readUnits: number;
  writeUnits: number;
}

/** What would be billed, as it stood at a moment, or between two of them. */
export interface MeterSnapshot {
  /** Epoch milliseconds; of a difference: how long it was. */
  at: number;
  /** WebSocket messages that clients sent, in steps of 32 KB. */
  messagesIn: number;
  /** WebSocket messages that clients were sent, in steps of 32 KB. */
  messagesOut: number;
  /** Minutes that clients were connected, together. */
  connectionMinutes: number;
  /** Published messages in what clients were sent: one frame may hold several. */
  deliveries: number;
  invocations: number;
  coldStarts: number;
  gbSeconds: number;
  readUnits: number;
  writeUnits: number;
  /** Requests to SQS, those of event source mappings included, in steps of 64 KB. */
  queueRequests: number;
  /** Events that were put on a bus of EventBridge, in steps of 64 KB. */
  busEvents: number;
  /** By the logical id of whoever used it. */
  functions: Record<string, FunctionCounts>;
}

/** Nothing used. */
export const zeroCounts = (): FunctionCounts => ({
  invocations: 0,
  coldStarts: 0,
  billedMs: 0,
  gbSeconds: 0,
  posts: 0,
  dynamoDbCalls: 0,
  readUnits: 0,
  writeUnits: 0,
});

/** Both of them together. */
export const addCounts = (a: FunctionCounts, b: FunctionCounts): FunctionCounts => combined(a, b, 1);

/**
 * What was used from one snapshot to the next.
 * @example const before = meter.snapshot(); …; meter.usd(difference(meter.snapshot(), before)).total
 */
export const difference = (after: MeterSnapshot, before: MeterSnapshot): MeterSnapshot => {
  const { functions: later, ...totals } = after;
  const { functions: earlier, ...subtracted } = before;
  const functions = Object.entries(later).map(
    ([id, counts]) => [id, combined(counts, earlier[id] ?? zeroCounts(), -1)] as const,
  );
  return { ...combined(totals, subtracted, -1), functions: Object.fromEntries(functions) };
};

const combined = <Counts extends { [name in keyof Counts]: number }>(a: Counts, b: Counts, sign: 1 | -1): Counts => {
  const result = { ...a };
  for (const name of Object.keys(a) as (keyof Counts)[])
    result[name] = (a[name] + sign * b[name]) as Counts[keyof Counts];
  return result;
};
