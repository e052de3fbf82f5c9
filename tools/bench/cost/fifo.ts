import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { MESSAGE_METER_BYTES, PRICES, QUEUE_METER_BYTES, meteredUnits } from "../../../local/meter/prices.js";
import { usdOf } from "../units.js";
import type { Load } from "./scenario.js";
import { fanOutWork, frameCount, gbSecondsOf, messageBytes, modelUnits } from "./model.js";

/**
 * How many messages of a FIFO queue a function gets at once; there is no window in which they gather.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const FIFO_BATCH = 10;

/** What gathering by a FIFO queue comes to, for one publication. */
export interface FifoBatching {
  usd: number;
  /** Messages that travel together. */
  batchSize: number;
}

/**
 * Gathering messages by an SQS FIFO queue with the channel as message group: while one batch is delivered, the next
 * gathers. What Lambda asks of the queue in vain is left out.
 * @param waits whether the function then waits until `lingerMs` are over, so that more gather
 */
export const fifoCost = (load: Load, waits: boolean): FifoBatching => {
  const { fanOut: subscribers, perSecond, lingerMs } = load;
  const message = messageBytes(load);
  const batchOf = (ms: number): number => Math.min(FIFO_BATCH, Math.max(1, (perSecond * ms) / 1_000));
  const deliveringMs = COMPUTE_MS + fanOutWork(subscribers, subscribers, 1).ms;
  // It may not wait for longer than a full batch takes to come: others would gather without end.
  const waitingMs = waits ? Math.min(lingerMs, (FIFO_BATCH * 1_000) / perSecond) : 0;
  const together = batchOf(Math.max(deliveringMs, waitingMs));
  const frames = frameCount(load, together);
  const { ms, workers, workersMs, readUnits, queueRequests } = fanOutWork(subscribers, subscribers, frames);
  const publisherMs = COMPUTE_MS + DECLARED_MS.sqs;
  const functionMs = Math.max(COMPUTE_MS + ms, waitingMs) + workersMs;
  const units = {
    messages: 2 * meteredUnits(message, MESSAGE_METER_BYTES) + (subscribers * frames) / together,
    invocations: 1 + (1 + workers) / together,
    gbSeconds: gbSecondsOf(publisherMs + functionMs / together),
    readUnits: readUnits / together,
    writeUnits: 0,
    queueRequests: queueRequests / together,
  };
  // Sending each message; receiving and deleting a batch.
  const requests =
    meteredUnits(message, QUEUE_METER_BYTES) + (meteredUnits(together * message, QUEUE_METER_BYTES) + 1) / together;
  return { usd: usdOf(units) + (requests * PRICES.sqs.fifoRequests) / 1e6, batchSize: together };
};

/** Loads of 100 bytes of which the two ways are compared. */
const COMPARED: readonly Load[] = [
  ...[1, 10, 100, 1_000].flatMap((subscribers) =>
    [250, 500].map((lingerMs) => ({ fanOut: subscribers, perSecond: 20, lingerMs })),
  ),
  ...[250, 500].map((lingerMs) => ({ fanOut: 100, perSecond: 100, lingerMs })),
].map((load) => ({ ...load, bytes: 100, history: false }));

/** Both ways side by side, as a table in Markdown. */
export const fifoTable = (): string =>
  [
    "What gathers messages, computed: USD for a million deliveries of 100 bytes without connection minutes; in parentheses how many messages travel in one frame.",
    "",
    "| fan-out | a second | linger, ms | SQS FIFO | SQS FIFO, the function waits | Push-It's flusher |",
    "|--:|--:|--:|--:|--:|--:|",
    ...COMPARED.map((load) => {
      const { fanOut: subscribers, perSecond, lingerMs } = load;
      const cell = ({ usd, batchSize }: FifoBatching): string =>
        `${((usd * 1e6) / subscribers).toFixed(3)} (${Number(batchSize.toPrecision(2))})`;
      const flusher = { usd: usdOf(modelUnits(load)), batchSize: (perSecond * lingerMs) / 1_000 };
      return `| ${subscribers.toLocaleString("en-US")} | ${perSecond} | ${lingerMs} | ${cell(fifoCost(load, false))} | ${cell(fifoCost(load, true))} | ${cell(flusher)} |`;
    }),
  ].join("\n");
