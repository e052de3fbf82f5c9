/**
 * AWS's prices in us-east-1, in USD, as of November 2026: first tier, without free tiers. The meter and the benchmarks
 * use only this table.
 */
export const PRICES = {
  /** @see https://aws.amazon.com/api-gateway/pricing/ */
  apiGateway: {
    /** Per million messages, in and out, in started steps of {@link MESSAGE_METER_BYTES}. */
    messages: 1.0,
    /** Per million minutes that clients are connected. */
    connectionMinutes: 0.25,
  },
  /** @see https://aws.amazon.com/lambda/pricing/ */
  lambda: {
    /** Per million invocations. */
    requests: 0.2,
    /** Per GB-second on arm64. */
    gbSecond: 0.0000133334,
  },
  /** Tables on demand. @see https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  dynamodb: {
    /** Per million read request units. */
    readUnits: 0.125,
    /** Per million write request units. */
    writeUnits: 0.625,
  },
  /** @see https://aws.amazon.com/sqs/pricing/ */
  sqs: {
    /** Per million requests to standard queues, in started steps of {@link QUEUE_METER_BYTES}. */
    requests: 0.4,
    /** Per million requests to FIFO queues. */
    fifoRequests: 0.5,
  },
  /** @see https://aws.amazon.com/eventbridge/pricing/ */
  eventBridge: {
    /** Per million custom events, in started steps of {@link EVENT_METER_BYTES}. */
    events: 1.0,
  },
  /** @see https://aws.amazon.com/appsync/pricing/ */
  appSyncEvents: {
    /** Per million operations in started steps of `meterBytes`: an inbound publish, a delivery, a run of a handler. */
    operations: 1.0,
    meterBytes: 5 * 1024,
    /** Per million minutes that clients are connected. */
    connectionMinutes: 0.08,
  },
  /** @see https://aws.amazon.com/iot-core/pricing/ */
  iotCore: {
    /** Per million messages, in and out, in started steps of `meterBytes`. */
    messages: 1.0,
    meterBytes: 5 * 1024,
    /** Per million minutes that clients are connected. */
    connectionMinutes: 0.08,
  },
} as const;

/**
 * The step in which API Gateway meters WebSocket messages, in bytes: a message of 33 KB counts as two.
 * @see https://aws.amazon.com/api-gateway/pricing/
 */
export const MESSAGE_METER_BYTES = 32 * 1024;

/**
 * The step in which SQS meters payloads, in bytes.
 * @see https://aws.amazon.com/sqs/pricing/
 */
export const QUEUE_METER_BYTES = 64 * 1024;

/**
 * The step in which EventBridge meters events, in bytes.
 * @see https://aws.amazon.com/eventbridge/pricing/
 */
export const EVENT_METER_BYTES = 64 * 1024;

/** The number of units that a size is billed as: one for each started step, and at least one. */
export const meteredUnits = (bytes: number, step: number): number => Math.max(1, Math.ceil(bytes / step));
