import {
  MAX_ENTRIES_PER_REQUEST,
  type PublishEntry,
  MAX_REQUEST_BYTES,
  SERVER_API_VERSION,
} from "../../protocol/index.js";

/** The size of a request without entries, in bytes. */
const ENVELOPE_BYTES = JSON.stringify({ version: SERVER_API_VERSION, publish: [] }).length;

/** The entries of one request, or one entry that is too large for a request. */
export type Batch = { entries: PublishEntry[] } | { tooLarge: PublishEntry };

/** Divides entries, in order, into as few requests as the limits allow. */
export const batches = (entries: readonly PublishEntry[]): Batch[] => {
  const found: Batch[] = [];
  let batch: PublishEntry[] = [];
  let bytes = ENVELOPE_BYTES;
  const flush = (): void => {
    if (batch.length > 0) found.push({ entries: batch });
    batch = [];
    bytes = ENVELOPE_BYTES;
  };
  for (const entry of entries) {
    const size = new TextEncoder().encode(JSON.stringify(entry)).length + ",".length;
    if (batch.length === MAX_ENTRIES_PER_REQUEST || bytes + size > MAX_REQUEST_BYTES) flush();
    if (ENVELOPE_BYTES + size > MAX_REQUEST_BYTES) {
      found.push({ tooLarge: entry });
      continue;
    }
    batch.push(entry);
    bytes += size;
  }
  flush();
  return found;
};
