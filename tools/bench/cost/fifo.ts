import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { MESSAGE_METER_BYTES, PRICES, QUEUE_METER_BYTES, meteredUnits } from "../../../local/meter/prices.js";
import { usdOf } from "../units.js";
import type { Load } from "./scenario.js";
import { fanOutWork, frameCount, gbSecondsOf, messageBytes, modelUnits } from "./model.js";

/**
 * Maximum messages of a FIFO queue in one batch. There is no batching window.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const FIFO_BATCH = 10;

/** The cost of one publication with a FIFO queue. */
export interface FifoBatching {
  usd: number;
  /** Messages in one batch. */
  batchSize: number;
}

/**
 * The cost of an SQS FIFO queue with the channel as message group: while one batch is delivered, the next one fills.
 * Excludes empty receives.
 * @param waits whether the function waits for `lingerMs`, so that the batch is larger
 */
export const fifoCost = (load: Load, waits: boolean): FifoBatching => {
  const { fanOut: subscribers, perSecond, lingerMs } = load;
  const message = messageBytes(load);
  const batchOf = (ms: number): number => Math.min(FIFO_BATCH, Math.max(1, (perSecond * ms) / 1_000));
  const deliveringMs = COMPUTE_MS + fanOutWork(subscribers, subscribers, 1).ms;
  // It must not wait longer than a full batch needs, or the queue would grow without end.
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
  // Sends each message. Receives and deletes one batch.
  const requests =
    meteredUnits(message, QUEUE_METER_BYTES) + (meteredUnits(together * message, QUEUE_METER_BYTES) + 1) / together;
  return { usd: usdOf(units) + (requests * PRICES.sqs.fifoRequests) / 1e6, batchSize: together };
};

/** The compared loads of 100 bytes. */
const COMPARED: readonly Load[] = [
  ...[1, 10, 100, 1_000].flatMap((subscribers) =>
    [250, 500].map((lingerMs) => ({ fanOut: subscribers, perSecond: 20, lingerMs })),
  ),
  ...[250, 500].map((lingerMs) => ({ fanOut: 100, perSecond: 100, lingerMs })),
].map((load) => ({ ...load, bytes: 100, history: false }));

/** A Markdown table of both ways. */
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
