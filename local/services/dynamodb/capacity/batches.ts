import type { TableModel } from "../../../assembly/model/tables.js";
import type { Item } from "./item-size.js";
import { type BatchEntry, itemKey, itemOf, type PartitionKey } from "./keys.js";

type Json = Record<string, unknown>;

/** A batch without its throttled entries. */
export interface BatchSplit {
  request: Json;
  /** Adds the entries that were left out to the response, as unprocessed. */
  complete: (answer: Json) => Json;
}

/** The field of a response that lists unprocessed entries, by operation. */
const UNPROCESSED_FIELDS: Record<string, string> = {
  BatchGetItem: "UnprocessedKeys",
  BatchWriteItem: "UnprocessedItems",
};

type Entries = BatchEntry[] | ({ Keys?: Item[] } & Json);

/**
 * Leaves the entries of hot partitions out of a batch, as DynamoDB does.
 * @returns `undefined` if no entry is left, or the request is not a batch: then the whole request is throttled
 */
export const splitBatch = (
  operation: string,
  request: Json,
  tables: TableModel[],
  isHot: (key: PartitionKey) => boolean,
): BatchSplit | undefined => {
  const left = UNPROCESSED_FIELDS[operation];
  if (left === undefined) return undefined;
  const all = Object.entries((request.RequestItems ?? {}) as Record<string, Entries>);
  const isLeft = (table: string) => (item: Item) => itemKey(table, item, tables).some(isHot);
  const pick = (keep: boolean): Record<string, Entries> =>
    Object.fromEntries(
      all.flatMap(([table, entries]) => picked(table, entries, (item) => isLeft(table)(item) !== keep)),
    );
  const kept = pick(true);
  if (Object.keys(kept).length === 0) return undefined;
  const unprocessed = pick(false);
  return {
    request: { ...request, RequestItems: kept },
    complete: (answer) =>
      answer.__type === undefined ? { ...answer, [left]: merged(answer[left], unprocessed) } : answer,
  };
};

const picked = (table: string, entries: Entries, wanted: (item: Item) => boolean): [string, Entries][] => {
  if (Array.isArray(entries)) {
    const some = entries.filter((entry) => wanted(itemOf(entry)));
    return some.length > 0 ? [[table, some]] : [];
  }
  const keys = (entries.Keys ?? []).filter(wanted);
  return keys.length > 0 ? [[table, { ...entries, Keys: keys }]] : [];
};

/** Adds to the entries that the engine itself did not process. */
const merged = (ofEngine: unknown, ours: Record<string, Entries>): Record<string, Entries> => {
  const result = { ...((ofEngine ?? {}) as Record<string, Entries>) };
  for (const [table, entries] of Object.entries(ours)) {
    const known = result[table];
    if (Array.isArray(entries)) result[table] = [...(Array.isArray(known) ? known : []), ...entries];
    else
      result[table] = {
        ...entries,
        Keys: [...(known && !Array.isArray(known) ? (known.Keys ?? []) : []), ...(entries.Keys ?? [])],
      };
  }
  return result;
};
