import { FLUSHER_TIMEOUT_MS } from "../../../infra/functions/budgets.js";
import { BATCH_WRITES } from "../../../lambdas/aws/dynamodb/batches.js";
import { leaseMs } from "../../../lambdas/linger/linger.js";
import { POSTS_IN_FLIGHT } from "../../../lambdas/delivery/adaptive-concurrency.js";
import { SEGMENT_RECIPIENTS } from "../../../lambdas/delivery/segments.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { MEMORY_MB } from "../../../local/commands/remote/quotas.js";
import { READ_UNIT_BYTES } from "../../../local/commands/check/account/work.js";
import { COMPUTE_MS, DECLARED_MS } from "../../../local/meter/latency.js";
import { MESSAGE_METER_BYTES, meteredUnits } from "../../../local/meter/prices.js";
import { RECEIVE_SEGMENT_REQUESTS, SEND_SEGMENT_REQUESTS, type Units, WRITE_UNIT_BYTES } from "../units.js";
import type { Load } from "./scenario.js";

/** Memory of the construct's functions, in GB. */
const MEMORY_GB = MEMORY_MB / 1_024;

/** Bytes of a subscriber's row, by DynamoDB's rules, on the channels that are measured. */
const ROW_BYTES = 40;

/** Bytes around a message's data, and bytes of a reply. */
const ENVELOPE_BYTES = 80;
const REPLY_BYTES = 110;

/** Bytes of the position that a message and its reply carry on a channel with history. */
const POSITION_BYTES = 40;

/** Bytes of a stored message without its data. */
const STORED_BYTES = 150;

const { dynamoDb, invokeAsync, post } = DECLARED_MS;

/** Duration of the posts to so many recipients, in milliseconds. */
const postsMs = (recipients: number): number => Math.ceil(recipients / POSTS_IN_FLIGHT) * post;

/** The work of a fan-out: the function's time, and the workers for further recipients. */
export interface FanOutWork {
  ms: number;
  workers: number;
  /** Total of all workers. */
  workersMs: number;
  readUnits: number;
  queueRequests: number;
}

/** The work of reading the subscribers and posting frames to them. */
export const fanOutWork = (subscribers: number, posted: number, frames: number): FanOutWork => {
  const own = Math.min(posted, DEFAULT_SETTINGS.fanOutThreshold);
  const workers = Math.ceil((posted - own) / SEGMENT_RECIPIENTS);
  return {
    ms: dynamoDb + frames * postsMs(own),
    workers,
    workersMs: workers * (frames * postsMs(SEGMENT_RECIPIENTS) + COMPUTE_MS),
    readUnits: Math.max(1, Math.ceil((subscribers * ROW_BYTES) / READ_UNIT_BYTES)),
    queueRequests: workers * (SEND_SEGMENT_REQUESTS + RECEIVE_SEGMENT_REQUESTS),
  };
};

/** The billed GB-seconds of a duration. */
export const gbSecondsOf = (ms: number): number => (ms / 1_000) * MEMORY_GB;

/**
 * The additional units of storing a publication before its delivery: its offset, its deduplication record and the
 * message, in turn.
 */
const historyUnits = ({ bytes, history }: Load): Pick<Units, "gbSeconds" | "writeUnits"> => {
  if (!history) return { gbSeconds: 0, writeUnits: 0 };
  return {
    gbSeconds: gbSecondsOf(3 * dynamoDb),
    writeUnits: 2 + Math.ceil((bytes + STORED_BYTES) / WRITE_UNIT_BYTES),
  };
};

/** Bytes of a message on the wire. */
export const messageBytes = ({ bytes, history }: Load): number =>
  bytes + ENVELOPE_BYTES + (history ? POSITION_BYTES : 0);

const unitsWithoutLinger = (load: Load): Units => {
  const { fanOut: subscribers } = load;
  const message = messageBytes(load);
  const { ms, workers, workersMs, readUnits, queueRequests } = fanOutWork(subscribers, subscribers - 1, 1);
  return {
    // The publisher's own copy is in the same frame as its reply.
    messages:
      meteredUnits(message, MESSAGE_METER_BYTES) * subscribers +
      meteredUnits(message + REPLY_BYTES, MESSAGE_METER_BYTES),
    invocations: 1 + workers,
    gbSeconds: gbSecondsOf(COMPUTE_MS + ms + workersMs),
    readUnits,
    writeUnits: 0,
    queueRequests,
  };
};

/** The run of one flusher. */
export interface FlusherRun {
  publications: number;
  /** Windows with messages. */
  windows: number;
}

/** How long a flusher that always finds messages runs, in milliseconds: it stops while two leases are left. */
const flusherMs = (lingerMs: number): number =>
  FLUSHER_TIMEOUT_MS - 2 * leaseMs({ ...DEFAULT_SETTINGS, channels: { "*": { lingerMs } } }, "*");

/**
 * The run of a flusher with evenly spaced publications. At low rates each publication starts a flusher. At higher rates
 * no window is empty, and one flusher runs for its maximum time.
 */
const flusherRun = ({ perSecond, lingerMs }: Load): FlusherRun =>
  perSecond * lingerMs <= 1_000
    ? { publications: 1, windows: 1 }
    : { publications: (perSecond * flusherMs(lingerMs)) / 1_000, windows: flusherMs(lingerMs) / lingerMs };

/** Messages in one window. */
export const messagesPerWindow = (load: Load): number => {
  const { publications, windows } = flusherRun(load);
  return publications / windows;
};

/** Frames that so many messages need. */
export const frameCount = (load: Load, messages: number): number =>
  Math.ceil(messages / Math.max(1, Math.floor(MESSAGE_METER_BYTES / messageBytes(load))));

/** Frames that the messages of one window need. */
export const framesPerWindow = (load: Load): number => frameCount(load, messagesPerWindow(load));

/** The billed time until a flusher runs: storing the message, reading and taking the lease, and the Invoke. */
const START_FLUSHER_MS = 3 * dynamoDb + invokeAsync;

const unitsWithLinger = (load: Load, { publications, windows }: FlusherRun): Units => {
  const { fanOut: subscribers, lingerMs } = load;
  const message = messageBytes(load);
  const messages = publications / windows;
  const frames = frameCount(load, messages);
  const { ms, workers, workersMs, readUnits, queueRequests } = fanOutWork(subscribers, subscribers, frames);
  // A flusher with a single first message stops at once. Any other stops only after an empty window.
  const empty = publications > 1 ? 1 : 0;
  const bringMs = ms + Math.ceil(messages / BATCH_WRITES) * dynamoDb;
  // The flusher takes the lease, waits for the end of the window, reads the log and delivers. The next window begins
  // with that read, the first one with the publication. At the end it releases the lease, reads once more and deletes
  // the lease.
  const windowMs = Math.max(lingerMs, dynamoDb + bringMs + dynamoDb);
  const lastMs = dynamoDb + (empty ? 0 : bringMs) + 3 * dynamoDb;
  const flusherMs =
    COMPUTE_MS + lingerMs - START_FLUSHER_MS + (windows + empty - 1) * windowMs + lastMs + windows * workersMs;
  const publisherMs = publications * (COMPUTE_MS + 2 * dynamoDb) + dynamoDb + invokeAsync;
  const row = Math.ceil(message / WRITE_UNIT_BYTES);
  const logUnits = Math.max(1, Math.ceil((messages * message) / READ_UNIT_BYTES));
  const [electing, releasing, forgetting] = [1, 1, 1];
  const each = (ofRun: number): number => ofRun / publications;
  return {
    messages: 2 * meteredUnits(message, MESSAGE_METER_BYTES) + each(windows * subscribers * frames),
    invocations: 1 + each(1 + windows * workers),
    gbSeconds: gbSecondsOf(each(publisherMs + flusherMs)),
    // Each publication reads the lease. A window reads the log and the subscribers, an empty window and the last read
    // only the log.
    readUnits: 1 + each(windows * (logUnits + readUnits) + empty + 1),
    // Each row is written and deleted. The lease is taken for each window.
    writeUnits: 2 * row + each(electing + windows + empty + releasing + forgetting),
    queueRequests: each(windows * queueRequests),
  };
};

/**
 * The modelled units of one publication.
 * @param run with `linger`: how the flusher ran, if known
 */
export const modelUnits = (load: Load, run: FlusherRun = flusherRun(load)): Units => {
  const units = load.lingerMs === 0 ? unitsWithoutLinger(load) : unitsWithLinger(load, run);
  const { gbSeconds, writeUnits } = historyUnits(load);
  return { ...units, gbSeconds: units.gbSeconds + gbSeconds, writeUnits: units.writeUnits + writeUnits };
};
