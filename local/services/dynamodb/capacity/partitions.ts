import type { TableModel } from "../../../assembly/model/tables.js";
import { type BatchSplit, splitBatch } from "./batches.js";
import { keysOf, type PartitionKey } from "./keys.js";
import { kindOf, type Units } from "./units.js";

/**
 * Units a second that one partition gives, whatever its table is billed by.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const PARTITION_UNITS: Units = { read: 3000, write: 1000 };

/** What becomes of a request: it goes on, perhaps without a part of its batch, or it is throttled. */
export type Admission =
  { request: Record<string, unknown>; complete?: BatchSplit["complete"] } | { throttled: Record<string, unknown> };

/** What one partition has left. */
interface Bucket {
  units: number;
  at: number;
}

/** Most partitions that are remembered; those that are full again are forgotten first. */
const MAX_BUCKETS = 10_000;

/**
 * Holds each partition key to what a partition gives in a second. A request is admitted as long as anything is left,
 * and then takes what it takes: DynamoDB learns what a read consumes by reading.
 */
export class Partitions {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param tables the tables there are, at the moment
   * @param now the clock, in milliseconds
   */
  constructor(
    private readonly tables: () => TableModel[],
    private readonly now: () => number = Date.now,
    private readonly limits: Units = PARTITION_UNITS,
  ) {}

  /** Whether a request may go on. */
  admit(operation: string, request: Record<string, unknown>): Admission {
    const kind = kindOf(operation, request);
    if (!kind) return { request };
    const isHot = ({ table, key }: PartitionKey): boolean => this.#bucket(kind, table, key).units <= 0;
    const hot = keysOf(operation, request, this.tables()).find(isHot);
    if (!hot) return { request };
    const split = splitBatch(operation, request, this.tables(), isHot);
    return split ?? { throttled: throttled(hot.table, kind) };
  }

  /** Takes what a request has consumed, from its partitions in equal parts. */
  spend(operation: string, request: Record<string, unknown>, { read, write }: Units): void {
    const kind = kindOf(operation, request);
    const keys = keysOf(operation, request, this.tables());
    if (!kind) return;
    for (const { table, key } of keys) this.#bucket(kind, table, key).units -= (read + write) / keys.length;
  }

  #bucket(kind: keyof Units, table: string, key: string): Bucket {
    const name = JSON.stringify([kind, table, key]);
    const bucket = this.#buckets.get(name) ?? { units: this.limits[kind], at: this.now() };
    const passed = this.now() - bucket.at;
    bucket.units = Math.min(this.limits[kind], bucket.units + (passed * this.limits[kind]) / 1000);
    bucket.at = this.now();
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}

const HOT_KEY =
  "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or " +
  "index so please try again shortly. If exceptions persist, check if you have a hot key: " +
  "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html */
const throttled = (table: string, kind: keyof Units): Record<string, unknown> => ({
  __type: "com.amazon.coral.availability#ThrottlingException",
  message: HOT_KEY,
  throttlingReasons: [
    { reason: `Table${kind === "read" ? "Read" : "Write"}KeyRangeThroughputExceeded`, resource: table },
  ],
});
