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

/** Requests of one route: so many a second, and so many at once. */
export interface RouteThrottle {
  rateLimit: number;
  burstLimit: number;
}

/** What AWS allows, and what a deployment chooses: each can be raised. */
export interface Quotas {
  /** Requests to the account's APIs in a second, `@connections` calls included. */
  requestsPerSecond: number;
  requestBurst: number;
  /** Connections opened in a second. */
  connectionsPerSecond: number;
  /** What the construct's own throttles let through. */
  throttling: { connect: RouteThrottle; subscribe: RouteThrottle };
  /** Functions running at once. */
  concurrency: number;
  /** `deliver` workers that a queue begins with, that are added each minute, and that there are at most. */
  pollers: { first: number; perMinute: number; most: number };
  /** Read and write units of one partition in a second. */
  partitionReads: number;
  partitionWrites: number;
  /** Read and write units of the whole table in a second. */
  tableReads: number;
  tableWrites: number;
  /** Memory of the functions that post, in MB; CPU comes with it. */
  memoryMb: number;
  /** Over how many partitions a channel's subscribers are spread. */
  shards: number;
}

/**
 * Batches that an event source mapping works on at once: to begin with, more each minute, and at most: the default of the
 * construct's `deliveryConcurrency`.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
const POLLERS = { first: 5, perMinute: 300, most: DEFAULT_WORKERS };

/** The construct's throttles, if nothing else is said. */
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

/** A new account, whose functions run ten at a time until AWS raises that. */
export const NEW_ACCOUNT: Quotas = { ...DEFAULT_QUOTAS, concurrency: NEW_ACCOUNT_CONCURRENCY };

/** An account in one of the Regions that have a quarter of the requests; the construct's throttles are a quarter there, too. */
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

/** What can bind, and how it is raised. */
export const QUOTA_INCREASES = {
  requestsPerSecond: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    requestsPerSecond: quotas.requestsPerSecond * factor,
    requestBurst: quotas.requestBurst * factor,
  }),
  /** The account's and the construct's own: either alone would go on binding. */
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
  /** Provisioned mode: pollers that are there before the first message. */
  pollers: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    pollers: { ...quotas.pollers, first: quotas.pollers.first * factor, perMinute: quotas.pollers.perMinute * factor },
  }),
  /** Warm throughput: what the table is prepared for, up to its quota. */
  tableThroughput: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    tableReads: Math.min(TABLE_QUOTA, quotas.tableReads * factor),
    tableWrites: Math.min(TABLE_QUOTA, quotas.tableWrites * factor),
  }),
  /** A partition's throughput is no quota: the channel is spread over more of them. */
  partition: (quotas: Quotas, factor: number): Quotas => ({ ...quotas, shards: quotas.shards * factor }),
  /** The one partition that a channel's log is in: nothing raises it, but it can bind. */
  logPartition: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    partitionWrites: quotas.partitionWrites * factor,
  }),
  /** CPU comes with memory, up to the one vCPU that a Node process can use. */
  cpu: (quotas: Quotas, factor: number): Quotas => ({
    ...quotas,
    memoryMb: Math.min(VCPU_MB, quotas.memoryMb * factor),
  }),
} as const;

/** What can bind. */
export type Bottleneck = keyof typeof QUOTA_INCREASES;
