import { type Item, itemBytes } from "./item-size.js";

/**
 * What a write unit writes and a read unit reads, in bytes.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
const UNIT_BYTES = { write: 1024, read: 4096 };

/** What a request consumed. */
export interface Units {
  read: number;
  write: number;
}

/** A request, and what the engine said to it. */
export interface Exchange {
  /** Such as `BatchWriteItem`. */
  operation: string;
  request: Record<string, unknown>;
  status: number;
  answer: Record<string, unknown>;
}

interface TransactItem {
  Put?: { Item?: Item };
}

const READS = new Set(["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"]);
const WRITES = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"]);
const PARTIQL = /^\s*SELECT\b/i;

/** Pages: an engine reports nothing for one that is empty, and AWS bills the least there is. */
const PAGES = new Set(["Query", "Scan"]);

/** A transaction prepares and commits each of its items; DynamoDB Local reports half of that. */
const TRANSACTIONAL = 2;

/**
 * What AWS would bill for a request: what the engine reports, put right where it is known to report too little. The
 * request must have asked for it (`ReturnConsumedCapacity`).
 */
export const unitsOf = (exchange: Exchange): Units => {
  const { operation, request, status } = exchange;
  const kind = kindOf(operation, request);
  if (!kind) return { read: 0, write: 0 };
  const units = status === 200 ? succeeded(exchange) : failed(exchange);
  return kind === "read" ? { read: units, write: 0 } : { read: 0, write: units };
};

/** Whether an operation reads or writes items; `undefined`: neither. */
export const kindOf = (operation: string, request: Record<string, unknown>): "read" | "write" | undefined => {
  if (READS.has(operation)) return "read";
  if (WRITES.has(operation)) return "write";
  if (operation !== "ExecuteStatement") return undefined;
  return PARTIQL.test(String(request.Statement)) ? "read" : "write";
};

/** Least that a read is billed. */
const leastRead = (request: Record<string, unknown>): number => (request.ConsistentRead === true ? 1 : 0.5);

const succeeded = ({ operation, request, answer }: Exchange): number => {
  const reported = [answer.ConsumedCapacity ?? []].flat() as { CapacityUnits?: number }[];
  const units = reported.reduce((sum, { CapacityUnits: each = 0 }) => sum + each, 0);
  if (PAGES.has(operation)) return Math.max(units, leastRead(request));
  if (operation === "BatchGetItem") return Math.max(units, leastOfBatch(request, answer));
  return operation.startsWith("Transact") ? TRANSACTIONAL * units : units;
};

interface BatchKeys {
  Keys?: unknown[];
  ConsistentRead?: boolean;
}

/** An item that is not there is billed as well; DynamoDB Local reports nothing for it. */
const leastOfBatch = (request: Record<string, unknown>, answer: Record<string, unknown>): number => {
  const unprocessed = (answer.UnprocessedKeys ?? {}) as Record<string, BatchKeys>;
  const tables = Object.entries((request.RequestItems ?? {}) as Record<string, BatchKeys>);
  return tables.reduce((sum, [table, { Keys: keys = [], ConsistentRead }]) => {
    const left = unprocessed[table]?.Keys?.length ?? 0;
    return sum + (keys.length - left) * leastRead({ ConsistentRead });
  }, 0);
};

/** A condition that does not hold is billed like the write; whatever else is refused is not. */
const failed = ({ operation, request, answer }: Exchange): number => {
  const type = String(answer.__type).split("#").pop();
  if (type === "ConditionalCheckFailedException") {
    return Math.max(writeUnits(request.Item as Item | undefined), writeUnits(answer.Item as Item | undefined));
  }
  if (type !== "TransactionCanceledException") return 0;
  const items = (request.TransactItems ?? []) as TransactItem[];
  if (operation === "TransactGetItems") return TRANSACTIONAL * items.length;
  return items.reduce((sum, { Put: put }) => sum + TRANSACTIONAL * writeUnits(put?.Item), 0);
};

const writeUnits = (item: Item | undefined): number =>
  item ? Math.max(1, Math.ceil(itemBytes(item) / UNIT_BYTES.write)) : 1;
