import { COMPUTE_MS, DECLARED_MS } from "../../local/meter/latency.js";
import { PRICES, steps } from "../../local/meter/prices.js";
import type { Load, Units } from "./cell.js";
import { MESSAGE_BYTES, READ_BYTES } from "./peers.js";

/** What the product does for one publication: from its protocol and its rows, in the order in which it does it. */
const DESIGN = {
  memoryGb: 0.5,
  postsInFlight: 64,
  /** How many recipients the publish function posts to itself; those beyond go to workers, in segments. */
  own: 2_000,
  segment: 1_000,
  /** Queue requests of a segment: its part of a batch of ten in four steps of 64 KB, receiving it, deleting it. */
  segmentRequests: 0.4 + 2,
  /** Bytes of a subscriber's row, by DynamoDB's rules, on the channels that are measured. */
  rowBytes: 40,
  /** Bytes around a message's data, and of an answer. */
  envelopeBytes: 80,
  answerBytes: 110,
  /** What else a message and its answer carry on a channel with history: where it is. */
  positionBytes: 40,
  /** Bytes of a stored message besides its data. */
  storedBytes: 150,
  writeBytes: 1_024,
};

const { dynamoDb, post } = DECLARED_MS;

/** How long posts to so many take, in milliseconds. */
const postsMs = (recipients: number): number => Math.ceil(recipients / DESIGN.postsInFlight) * post;

/** Reading the subscribers and posting frames to them: by one function, and workers for those beyond its part. */
const fanOut = (subscribers: number, posted: number, frames: number): { ms: number; workers: number; readUnits: number } => {
  const own = Math.min(posted, DESIGN.own);
  const workers = Math.ceil((posted - own) / DESIGN.segment);
  return {
    ms: dynamoDb + frames * (postsMs(own) + workers * postsMs(DESIGN.segment)),
    workers,
    readUnits: Math.max(1, Math.ceil((subscribers * DESIGN.rowBytes) / READ_BYTES)),
  };
};

/**
 * What storing a publication before it is delivered adds: its number, that it has been published, and the message, one
 * after the other.
 */
const kept = ({ bytes, history }: Load): Pick<Units, "gbSeconds" | "writeUnits"> => {
  if (!history) return { gbSeconds: 0, writeUnits: 0 };
  return {
    gbSeconds: ((3 * dynamoDb) / 1_000) * DESIGN.memoryGb,
    writeUnits: 2 + Math.ceil((bytes + DESIGN.storedBytes) / DESIGN.writeBytes),
  };
};

/** Bytes of a message as it travels. */
const messageBytes = ({ bytes, history }: Load): number => bytes + DESIGN.envelopeBytes + (history ? DESIGN.positionBytes : 0);

const plain = (load: Load): Units => {
  const { fanOut: subscribers } = load;
  const message = messageBytes(load);
  const { ms, workers, readUnits } = fanOut(subscribers, subscribers - 1, 1);
  return {
    // The publisher's own copy rides with its answer.
    messages: steps(message, MESSAGE_BYTES) * subscribers + steps(message + DESIGN.answerBytes, MESSAGE_BYTES),
    invocations: 1 + workers,
    gbSeconds: ((ms + (1 + workers) * COMPUTE_MS) / 1_000) * DESIGN.memoryGb,
    readUnits,
    writeUnits: 0,
    queueRequests: workers * DESIGN.segmentRequests,
  };
};

/** How many messages a window gathers: those that come while its first one waits. */
export const perWindow = ({ perSecond, lingerMs }: Load): number => Math.max(1, (perSecond * lingerMs) / 1_000);

/** How many frames a window's messages need. */
export const framesOf = (load: Load): number => {
  const fitting = Math.max(1, Math.floor(MESSAGE_BYTES / messageBytes(load)));
  return Math.ceil(perWindow(load) / fitting);
};

const lingering = (load: Load): Units => {
  const { fanOut: subscribers, lingerMs } = load;
  const message = messageBytes(load);
  const messages = perWindow(load);
  const frames = framesOf(load);
  const { ms, workers, readUnits } = fanOut(subscribers, subscribers, frames);
  const row = Math.ceil(message / DESIGN.writeBytes);
  // The flush waits, reads the log, fans out, deletes what it has sent, and writes its lease twice.
  const flushMs = lingerMs + dynamoDb + ms + 2 * dynamoDb + (1 + workers) * COMPUTE_MS;
  const logUnits = Math.max(1, Math.ceil((messages * message) / READ_BYTES));
  return {
    messages: 2 * steps(message, MESSAGE_BYTES) + (subscribers * frames) / messages,
    invocations: 1 + (1 + workers) / messages,
    gbSeconds: ((2 * dynamoDb + COMPUTE_MS + flushMs / messages) / 1_000) * DESIGN.memoryGb,
    readUnits: 1 + (logUnits + readUnits) / messages,
    writeUnits: 2 * row + 2 / messages,
    queueRequests: (workers * DESIGN.segmentRequests) / messages,
  };
};

/** The units of one publication, by the model. */
export const modelled = (load: Load): Units => {
  const units = load.lingerMs === 0 ? plain(load) : lingering(load);
  const { gbSeconds, writeUnits } = kept(load);
  return { ...units, gbSeconds: units.gbSeconds + gbSeconds, writeUnits: units.writeUnits + writeUnits };
};

/** What units cost, in USD. */
export const usdOf = ({ messages, invocations, gbSeconds, readUnits, writeUnits, queueRequests }: Units): number => {
  const { apiGateway, lambda, dynamodb, sqs } = PRICES;
  const millions =
    messages * apiGateway.messages +
    invocations * lambda.requests +
    readUnits * dynamodb.readUnits +
    writeUnits * dynamodb.writeUnits +
    queueRequests * sqs.requests;
  return millions / 1e6 + gbSeconds * lambda.gbSecond;
};
