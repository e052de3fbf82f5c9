import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { PRICES, meteredUnits } from "../../../local/meter/prices.js";
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
  /** How many rows a request deletes. */
  batch: 25,
  /** How long a flusher goes on that always finds something: five minutes, less what it keeps for letting go. */
  flusherMs: 240_000,
};

const { dynamoDb, invokeAsync, post } = DECLARED_MS;

/** How long posts to so many take, in milliseconds. */
const postsMs = (recipients: number): number => Math.ceil(recipients / DESIGN.postsInFlight) * post;

/** What bringing frames to subscribers takes: one function's time, and of workers for those beyond its part. */
export interface FanOut {
  ms: number;
  workers: number;
  /** Of all workers. */
  workersMs: number;
  readUnits: number;
  queueRequests: number;
}

/** Reading the subscribers and posting frames to them. */
export const fanOut = (subscribers: number, posted: number, frames: number): FanOut => {
  const own = Math.min(posted, DESIGN.own);
  const workers = Math.ceil((posted - own) / DESIGN.segment);
  return {
    ms: dynamoDb + frames * postsMs(own),
    workers,
    workersMs: workers * (frames * postsMs(DESIGN.segment) + COMPUTE_MS),
    readUnits: Math.max(1, Math.ceil((subscribers * DESIGN.rowBytes) / READ_BYTES)),
    queueRequests: workers * DESIGN.segmentRequests,
  };
};

/** What so many milliseconds of functions are billed. */
export const gbSecondsOf = (ms: number): number => (ms / 1_000) * DESIGN.memoryGb;

/**
 * What storing a publication before it is delivered adds: its number, that it has been published, and the message, one
 * after the other.
 */
const kept = ({ bytes, history }: Load): Pick<Units, "gbSeconds" | "writeUnits"> => {
  if (!history) return { gbSeconds: 0, writeUnits: 0 };
  return {
    gbSeconds: gbSecondsOf(3 * dynamoDb),
    writeUnits: 2 + Math.ceil((bytes + DESIGN.storedBytes) / DESIGN.writeBytes),
  };
};

/** Bytes of a message as it travels. */
export const messageBytes = ({ bytes, history }: Load): number =>
  bytes + DESIGN.envelopeBytes + (history ? DESIGN.positionBytes : 0);

const plain = (load: Load): Units => {
  const { fanOut: subscribers } = load;
  const message = messageBytes(load);
  const { ms, workers, workersMs, readUnits, queueRequests } = fanOut(subscribers, subscribers - 1, 1);
  return {
    // The publisher's own copy rides with its answer.
    messages:
      meteredUnits(message, MESSAGE_BYTES) * subscribers + meteredUnits(message + DESIGN.answerBytes, MESSAGE_BYTES),
    invocations: 1 + workers,
    gbSeconds: gbSecondsOf(COMPUTE_MS + ms + workersMs),
    readUnits,
    writeUnits: 0,
    queueRequests,
  };
};

/** What one flusher does, from the publication that elects it until it lets go. */
export interface FlusherRun {
  publications: number;
  /** Those that bring something. */
  windows: number;
}

/**
 * The run of a flusher where publications come evenly: where a window passes from one to the next, each elects one of
 * its own; else no window is empty, and one goes on for as long as it may.
 */
export const flusherRun = ({ perSecond, lingerMs }: Load): FlusherRun =>
  perSecond * lingerMs <= 1_000
    ? { publications: 1, windows: 1 }
    : { publications: (perSecond * DESIGN.flusherMs) / 1_000, windows: DESIGN.flusherMs / lingerMs };

/** How many messages a window gathers: those that come while its first one waits. */
export const perWindow = (load: Load): number => {
  const { publications, windows } = flusherRun(load);
  return publications / windows;
};

/** How many frames so many messages need that travel together. */
export const framesFor = (load: Load, messages: number): number =>
  Math.ceil(messages / Math.max(1, Math.floor(MESSAGE_BYTES / messageBytes(load))));

/** How many frames a window's messages need. */
export const framesOf = (load: Load): number => framesFor(load, perWindow(load));

/** What is billed until a flusher runs: storing the message, reading the lease, taking it, and the Invoke. */
const ELECTING_MS = 3 * dynamoDb + invokeAsync;

const lingering = (load: Load, { publications, windows }: FlusherRun): Units => {
  const { fanOut: subscribers, lingerMs } = load;
  const message = messageBytes(load);
  const messages = publications / windows;
  const frames = framesFor(load, messages);
  const { ms, workers, workersMs, readUnits, queueRequests } = fanOut(subscribers, subscribers, frames);
  // Whose first message stays alone lets go; any other one only after a window in which nothing came.
  const empty = publications > 1 ? 1 : 0;
  const bringMs = ms + Math.ceil(messages / DESIGN.batch) * dynamoDb;
  // The flusher takes the lease, waits until the window is over, reads the log and brings what is there: a window begins
  // with that reading, the first one when the message was published. At last it releases the lease, reads and forgets.
  const windowMs = Math.max(lingerMs, dynamoDb + bringMs + dynamoDb);
  const lastMs = dynamoDb + (empty ? 0 : bringMs) + 3 * dynamoDb;
  const flusherMs =
    COMPUTE_MS + lingerMs - ELECTING_MS + (windows + empty - 1) * windowMs + lastMs + windows * workersMs;
  const publisherMs = publications * (COMPUTE_MS + 2 * dynamoDb) + dynamoDb + invokeAsync;
  const row = Math.ceil(message / DESIGN.writeBytes);
  const logUnits = Math.max(1, Math.ceil((messages * message) / READ_BYTES));
  const [electing, releasing, forgetting] = [1, 1, 1];
  const each = (ofRun: number): number => ofRun / publications;
  return {
    messages: 2 * meteredUnits(message, MESSAGE_BYTES) + each(windows * subscribers * frames),
    invocations: 1 + each(1 + windows * workers),
    gbSeconds: gbSecondsOf(each(publisherMs + flusherMs)),
    // Each publication reads the lease; a window reads the log and the subscribers, an empty one and the last look the log.
    readUnits: 1 + each(windows * (logUnits + readUnits) + empty + 1),
    // Each row is written and deleted; the lease is taken for each window.
    writeUnits: 2 * row + each(electing + windows + empty + releasing + forgetting),
    queueRequests: each(windows * queueRequests),
  };
};

/**
 * The units of one publication, by the model.
 * @param run with `linger`: how the flusher ran, if that is known
 */
export const modelled = (load: Load, run: FlusherRun = flusherRun(load)): Units => {
  const units = load.lingerMs === 0 ? plain(load) : lingering(load, run);
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
