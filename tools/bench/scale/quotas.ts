import { DEFAULT_WORKERS } from "../../../infra/fan-out-queue.js";
import { defaultThrottle } from "../../../infra/functions/routes.js";
import {
  CONCURRENCY,
  CONNECTIONS_PER_SECOND,
  MEMORY_MB,
  PARTITION_READS,
  PARTITION_WRITES,
  REQUEST_BURST,
  REQUESTS_PER_SECOND,
  TABLE_QUOTA,
  TABLE_READS,
  TABLE_WRITES,
  VCPU_MB,
} from "../../../local/commands/remote/quotas.js";
import { NEW_ACCOUNT_CONCURRENCY } from "../../../local/services/lambda/runtime/account-concurrency.js";
import { SMALL_REGION_THROTTLE } from "../../../local/services/gateway/limits.js";

/** The throttle of one route: requests a second, and burst. */
export interface RouteThrottle {
  rateLimit: number;
  burstLimit: number;
}

/** Quotas of AWS and of the deployment. Each can be raised. */
export interface Quotas {
  /** Requests to the account's APIs in a second, `@connections` calls included. */
  requestsPerSecond: number;
  requestBurst: number;
  /** Connections opened in a second. */
  connectionsPerSecond: number;
  /** The construct's own throttles. */
  throttling: { connect: RouteThrottle; subscribe: RouteThrottle };
  /** Parallel function runs. */
  concurrency: number;
  /** Fan-out workers of a queue: initial number, increase each minute, and maximum. */
  pollers: { first: number; perMinute: number; most: number };
  /** Read and write units of one partition in a second. */
  partitionReads: number;
  partitionWrites: number;
  /** Read and write units of the whole table in a second. */
  tableReads: number;
  tableWrites: number;
  /** Memory of the posting functions, in MB. It determines their CPU. */
  memoryMb: number;
  /** Number of partitions of a channel's subscribers. */
  shards: number;
}

/**
 * Parallel batches of an event source mapping: initial number, increase each minute, and maximum, which is the default
 * of the construct's `deliveryConcurrency`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const POLLERS = { first: 5, perMinute: 300, most: DEFAULT_WORKERS };

/** The construct's default throttles. */
const throttlingIn = (region?: string): Quotas["throttling"] => ({
  connect: defaultThrottle("connect", region),
  subscribe: defaultThrottle("subscribe", region),
});

/** An account with AWS's default quotas, a new table, and no shards. */
export const DEFAULT_QUOTAS: Quotas = {
  requestsPerSecond: REQUESTS_PER_SECOND,
  requestBurst: REQUEST_BURST,
  connectionsPerSecond: CONNECTIONS_PER_SECOND,
  throttling: throttlingIn(),
  concurrency: CONCURRENCY,
  pollers: POLLERS,
  partitionReads: PARTITION_READS,
  partitionWrites: PARTITION_WRITES,
  tableReads: TABLE_READS,
  tableWrites: TABLE_WRITES,
  memoryMb: MEMORY_MB,
  shards: 1,
};

/** A new account, with ten parallel function runs until AWS raises that. */
export const NEW_ACCOUNT: Quotas = { ...DEFAULT_QUOTAS, concurrency: NEW_ACCOUNT_CONCURRENCY };

/** An account in a Region with a quarter of the request quotas and of the construct's throttles. */
export const SMALL_REGION: Quotas = {
  ...DEFAULT_QUOTAS,
  requestsPerSecond: SMALL_REGION_THROTTLE.rate,
  requestBurst: SMALL_REGION_THROTTLE.burst,
  throttling: throttlingIn("eu-south-1"),
};

const raised = ({ rateLimit, burstLimit }: RouteThrottle, factor: number): RouteThrottle => ({
  rateLimit: rateLimit * factor,
  burstLimit: burstLimit * factor,
});

/** The possible bottlenecks, and how each is raised. */
export const QUOTA_INCREASES = {
  requestsPerSecond: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    requestsPerSecond: quotas.requestsPerSecond * factor,
    requestBurst: quotas.requestBurst * factor,
  }),
  /** The quotas of the account and of the construct, because either alone would still bind. */
  connectionsPerSecond: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    connectionsPerSecond: quotas.connectionsPerSecond * factor,
    throttling: { ...quotas.throttling, connect: raised(quotas.throttling.connect, factor) },
  }),
  "throttling.subscribe": (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    throttling: { ...quotas.throttling, subscribe: raised(quotas.throttling.subscribe, factor) },
  }),
  concurrency: (quotas: Quotas, factor: number): Quotas => ({ ...quotas, concurrency: quotas.concurrency * factor }),
  /** Provisioned mode: more pollers from the start. */
  pollers: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    pollers: { ...quotas.pollers, first: quotas.pollers.first * factor, perMinute: quotas.pollers.perMinute * factor },
  }),
  /** Warm throughput of the table, up to its quota. */
  tableThroughput: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    tableReads: Math.min(TABLE_QUOTA, quotas.tableReads * factor),
    tableWrites: Math.min(TABLE_QUOTA, quotas.tableWrites * factor),
  }),
  /** A partition's throughput is fixed, so the channel is spread over more partitions. */
  partition: (quotas: Quotas, factor: number): Quotas => ({ ...quotas, shards: quotas.shards * factor }),
  /** The partition of a channel's log: it can bind, and cannot be raised. */
  logPartition: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    partitionWrites: quotas.partitionWrites * factor,
  }),
  /** CPU depends on memory, up to the one vCPU that a Node process can use. */
  cpu: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    memoryMb: Math.min(VCPU_MB, quotas.memoryMb * factor),
  }),
} as const;

/** A possible bottleneck. */
export type Bottleneck = keyof typeof QUOTA_INCREASES;
