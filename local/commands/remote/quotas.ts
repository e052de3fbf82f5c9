/**
 * Requests per second over all of an account's APIs in a Region, and the bucket for bursts. AWS sets the bucket by the
 * rate; here it is raised with it.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */
export const REQUESTS_PER_SECOND = 10_000;
export const REQUEST_BURST = 5_000;

/**
 * New connections a second, account and Region.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const CONNECTIONS_PER_SECOND = 500;

/**
 * Functions running at once, account and Region.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const CONCURRENCY = 1_000;

/**
 * Read and write units of one partition in a second.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export const PARTITION_READS = 3_000;
export const PARTITION_WRITES = 1_000;

/**
 * Throughput of a new on-demand table per second. It scales with the traffic, and can be warmed.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
 */
export const TABLE_READS = 12_000;
export const TABLE_WRITES = 4_000;

/**
 * Read and write units that AWS lets one on-demand table have in a second, however warm it is. Service Quotas raises it.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
 */
export const TABLE_QUOTA = 40_000;

/** Default memory of the construct's functions, in MB. */
export const MEMORY_MB = 512;

/**
 * Memory at which a function has one whole vCPU, in MB.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export const VCPU_MB = 1_769;

/** How Service Quotas calls a quota. */
export interface QuotaCode {
  service: string;
  code: string;
}

/**
 * The codes of quotas. AWS's pages of quotas link to them, and each Region has the same.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 * @see https://docs.aws.amazon.com/general/latest/gr/ddb.html
 */
export const CODES = {
  requestsPerSecond: { service: "apigateway", code: "L-8A5B8E43" },
  connectionsPerSecond: { service: "apigateway", code: "L-9ED1E49A" },
  concurrency: { service: "lambda", code: "L-B99A9384" },
  tableReads: { service: "dynamodb", code: "L-CF0CBE56" },
  tableWrites: { service: "dynamodb", code: "L-AB614373" },
} as const satisfies Record<string, QuotaCode>;
