/** The usage of one function, or of another caller with credentials of this run. */
export interface FunctionCounts {
  /** Runs, retries included. Throttled invocations do not count. */
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

/** Billable usage up to a moment, or between two moments. */
export interface MeterSnapshot {
  /** Epoch milliseconds; of a difference: how long it was. */
  at: number;
  /** WebSocket messages that clients sent, in steps of 32 KB. */
  messagesIn: number;
  /** WebSocket messages that clients were sent, in steps of 32 KB. */
  messagesOut: number;
  /** Minutes that clients were connected, together. */
  connectionMinutes: number;
  /** Published messages in the frames that clients received. One frame may hold several. */
  deliveries: number;
  invocations: number;
  coldStarts: number;
  gbSeconds: number;
  readUnits: number;
  writeUnits: number;
  /** Requests to SQS, including those of event source mappings, in steps of 64 KB. */
  queueRequests: number;
  /** Events that were put on a bus of EventBridge, in steps of 64 KB. */
  busEvents: number;
  /** By the logical id of the user. */
  functions: Record<string, FunctionCounts>;
}

/** Zero usage. */
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
 * The usage between two snapshots.
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
