import type { Clock } from "../../../core/clock.js";
import { MAX_BATCH_ENTRIES, MAX_SECONDS } from "../limits.js";
import type { LongPolls, ReceiveRequest } from "../queue/long-polls.js";
import type { Delivery } from "../queue/message.js";
import { type SqsRecord, sqsRecord } from "./event.js";
import { MAX_BATCH_BYTES } from "./limits.js";

/** How batches are gathered. */
export interface ReceiveBatchOptions {
  polls: Pick<LongPolls, "receive">;
  clock: Clock;
  batchSize: number;
  /** From the first message on, in milliseconds. */
  windowMs: number;
  signal: AbortSignal;
}

/** Waits for messages, and then for more of them until the window closes or the batch is full; empty: none came. */
export const receiveBatch = async ({
  polls,
  clock,
  batchSize,
  windowMs,
  signal,
}: ReceiveBatchOptions): Promise<Delivery[]> => {
  const receive = (more: Pick<ReceiveRequest, "max" | "waitMs">) => polls.receive({ ...more, signal });
  const gathered = await receive({ max: Math.min(batchSize, MAX_BATCH_ENTRIES), waitMs: MAX_SECONDS.poll * 1000 });
  const until = clock.now() + windowMs;
  while (gathered.length > 0 && gathered.length < batchSize && bytesOf(gathered) < MAX_BATCH_BYTES && !signal.aborted) {
    const waitMs = until - clock.now();
    if (waitMs <= 0) break;
    gathered.push(...(await receive({ max: Math.min(batchSize - gathered.length, MAX_BATCH_ENTRIES), waitMs })));
  }
  return gathered;
};

const bytesOf = (deliveries: Delivery[]): number =>
  deliveries.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);

/** Messages as records, in as few events as their size permits. */
export const toEvents = (deliveries: Delivery[], queueArn: string): SqsRecord[][] => {
  const events: SqsRecord[][] = [];
  let room = 0;
  for (const record of deliveries.map((delivery) => sqsRecord(delivery, queueArn))) {
    const bytes = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes > room) {
      events.push([]);
      room = MAX_BATCH_BYTES - Buffer.byteLength('{"Records":[]}');
    }
    events.at(-1)!.push(record);
    room -= bytes;
  }
  return events;
};
