import type { TableModel } from "../../../assembly/model/tables.js";
import type { Item } from "./item-size.js";

/** One partition key of one table. */
export interface PartitionKey {
  table: string;
  /** The key's value, as JSON. */
  key: string;
}

interface Request {
  TableName?: unknown;
  IndexName?: unknown;
  Key?: Item;
  Item?: Item;
  KeyConditionExpression?: unknown;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Item;
  RequestItems?: Record<string, BatchEntry[] | { Keys?: Item[] }>;
  TransactItems?: Record<string, Request>[];
}

/** One write of a batch. */
export interface BatchEntry {
  PutRequest?: { Item?: Item };
  DeleteRequest?: { Key?: Item };
}

/**
 * The partition keys that a request is about, each as often as it is named; none where that cannot be told: scans,
 * indexes, statements, and conditions in the old style.
 */
export const keysOf = (operation: string, request: Record<string, unknown>, tables: TableModel[]): PartitionKey[] => {
  const { TableName, IndexName, Key, Item: item, RequestItems = {}, TransactItems = [], ...query }: Request = request;
  if (operation === "Query") {
    return IndexName === undefined ? keyOf(TableName, (name) => queried(query, name), tables) : [];
  }
  if (operation.startsWith("Batch")) {
    return Object.entries(RequestItems).flatMap(([table, entries]) =>
      itemsOf(entries).flatMap((each) => itemKey(table, each, tables)),
    );
  }
  if (operation.startsWith("Transact")) {
    const members = TransactItems.flatMap((each) => Object.values(each));
    return members.flatMap((each) => itemKey(each.TableName, each.Key ?? each.Item ?? {}, tables));
  }
  return itemKey(TableName, Key ?? item ?? {}, tables);
};

/** The partition key of one item, or of its key; a list of none where it has none. */
export const itemKey = (table: unknown, item: Item, tables: TableModel[]): PartitionKey[] =>
  keyOf(table, (name) => item[name], tables);

/** The items, or keys, that a batch names of one table. */
const itemsOf = (entries: BatchEntry[] | { Keys?: Item[] }): Item[] =>
  Array.isArray(entries) ? entries.map(itemOf) : (entries.Keys ?? []);

/** The item, or key, of one write of a batch. */
export const itemOf = ({ PutRequest: put, DeleteRequest: remove }: BatchEntry): Item => put?.Item ?? remove?.Key ?? {};

const keyOf = (table: unknown, valueOf: (name: string) => unknown, tables: TableModel[]): PartitionKey[] => {
  const name = String(table).replace(/^arn:.*:table\//, "");
  const hash = tables.find((each) => each.name === name)?.keySchema.find(({ KeyType: type }) => type === "HASH");
  const value = hash && valueOf(hash.AttributeName);
  return value === undefined ? [] : [{ table: name, key: JSON.stringify(value) }];
};

const EQUALS = /([#\w.-]+)\s*=\s*(:\w+)/g;

/** What a condition says that the partition key equals. */
const queried = (query: Request, name: string): unknown => {
  const {
    KeyConditionExpression: text,
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
  } = query;
  const found = [...String(text).matchAll(EQUALS)].find(([, path = ""]) => (names[path] ?? path) === name);
  return found?.[2] === undefined ? undefined : values[found[2]];
};
