import type { Subscriber } from "../ports.js";
import type { Publication } from "./recipients.js";
import { chunks } from "../util/chunks.js";

/**
 * A part of a fan-out in the queue: publications, and the recipients that they have not reached yet. A worker delivers it,
 * or enqueues the remainder.
 */
export interface Segment {
  publications: readonly Publication[];
  /** The recipients: a list, or all subscribers behind a connection id, which have not been read. */
  recipients: readonly Subscriber[] | { after: string };
  /** The deadline, in epoch milliseconds. After it, connections that were not reached are closed. */
  until: number;
  /**
   * For recipients whose posts failed: when they count as clients that read nothing, in epoch milliseconds. Only a worker
   * that has tried them decides this, so time without a free worker does not count.
   */
  slowUntil?: number;
}

/** The deadlines of a segment. */
export type Deadlines = Pick<Segment, "until" | "slowUntil">;

/** The deadlines of a segment whose next worker does not try: it closes the recipients. */
export const EXPIRED_DEADLINES: Deadlines = { until: 0 };

/** How often workers have started a segment. SQS counts receives, which throttled workers raise as well. */
export interface SegmentAttempts {
  /**
   * Records that a worker starts a segment that SQS has delivered before.
   * @param id the id of its message in the queue
   * @returns how many workers have started it so, this one included
   */
  begin(id: string): Promise<number>;
}

/** The queue that keeps segments until a worker has delivered them. */
export interface SegmentQueuePort {
  /**
   * Enqueues segments.
   * @param delaySeconds how long SQS delays them
   * @returns the segments that could not be enqueued
   */
  send(segments: readonly Segment[], delaySeconds?: number): Promise<Segment[]>;
}

/** The maximum of subscribers in a segment. It bounds the duplicates after a crash. */
export const SEGMENT_RECIPIENTS = 1_000;

/**
 * How many workers may fail at a segment before the next one closes the recipients, so that they know. The first worker
 * is not counted (see `attemptOf`), so there are five or six.
 */
export const SEGMENT_ATTEMPTS = 5;

/**
 * How many workers have started a segment for certain, this one included. The first receive needs no read, so normal
 * delivery costs nothing. If the first receive was throttled, no worker has started, so a first worker that died is not
 * counted. The error is one attempt more, never one less.
 */
export const attemptOf = async (attempts: SegmentAttempts, id: string, receive: number): Promise<number> =>
  receive <= 1 ? 1 : attempts.begin(id);

/** A segment as its worker is to deal with it, which is the `attempt`th, from 1. */
export const atAttempt = (segment: Segment, attempt: number): Segment =>
  attempt <= SEGMENT_ATTEMPTS ? segment : { ...segment, ...EXPIRED_DEADLINES };

/** Version of the text, for workers of a version that is just being deployed. */
const VERSION = 1;

interface Text {
  v: number;
  until: number;
  /** Workers of an older version do not know it, and try as long as everybody. */
  slow?: number;
  publications: readonly Publication[];
  recipients: string | { after: string };
}

const EXPIRED = "!";

/** A subscriber in about 24 characters: its id, when it connected, and whether it is over. Ids are base64. */
const nameOf = ({ connectionId, connectedAt, expired }: Subscriber): string =>
  `${connectionId},${Math.floor(connectedAt / 1000).toString(36)}${expired ? EXPIRED : ""}`;

const subscriberOf = (name: string): Subscriber => {
  const comma = name.lastIndexOf(",");
  const expired = name.endsWith(EXPIRED);
  const connectedAt = parseInt(name.slice(comma + 1), 36) * 1000;
  return { connectionId: name.slice(0, comma), connectedAt, ...(expired ? { expired } : {}) };
};

/** A segment as it travels. */
export const encodeSegment = ({ publications, recipients, until, slowUntil }: Segment): string => {
  const who = "after" in recipients ? recipients : recipients.map(nameOf).join(" ");
  const slow = slowUntil === undefined ? {} : { slow: slowUntil };
  return JSON.stringify({ v: VERSION, until, ...slow, publications, recipients: who } satisfies Text);
};

/** The beginning of a message that starts the presence notifier. No segment begins like this. */
const WAKE_UP = `{"v":${VERSION},"wakeUp":`;

/** A message that starts the presence notifier for these channels. */
export const encodeWakeUp = (channels: readonly string[]): string => `${WAKE_UP}${JSON.stringify(channels)}}`;

/** Reads what `encodeWakeUp` wrote; `undefined` for a segment. */
export const decodeWakeUp = (text: string): readonly string[] | undefined =>
  text.startsWith(WAKE_UP) ? (JSON.parse(text) as { wakeUp: string[] }).wakeUp : undefined;

/**
 * Reads what `encodeSegment` wrote.
 * @throws Error where it is something else: then it stays in the queue, and comes to the dead-letter queue in the end
 */
export const decodeSegment = (text: string): Segment => {
  const { v, until, slow, publications, recipients } = JSON.parse(text) as Text;
  if (v !== VERSION) throw new Error(`unsupported segment version ${String(v)} (expected ${VERSION})`);
  const who = typeof recipients === "string" ? recipients.split(" ").map(subscriberOf) : recipients;
  return { publications, until, ...(slow !== undefined && { slowUntil: slow }), recipients: who };
};

/**
 * Most bytes of messages in a segment. With its recipients it stays well below the queue's limit.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
const SEGMENT_MESSAGE_BYTES = 128 * 1024;

/** Publications in as few groups as their bytes allow, in order. */
const grouped = (publications: readonly Publication[]): Publication[][] => {
  const groups: Publication[][] = [];
  let room = 0;
  for (const publication of publications) {
    const bytes = Buffer.byteLength(JSON.stringify(publication));
    if (bytes > room) {
      groups.push([]);
      room = SEGMENT_MESSAGE_BYTES;
    }
    groups.at(-1)?.push(publication);
    room -= bytes;
  }
  return groups;
};

/** Segments for publications and their recipients. */
export const segmentsFor = (
  publications: readonly Publication[],
  recipients: readonly Subscriber[] | { after: string },
  deadlines: Deadlines,
): Segment[] => {
  const parts = "after" in recipients ? [recipients] : chunks(recipients, SEGMENT_RECIPIENTS);
  return grouped(publications).flatMap((group) =>
    parts.map((part): Segment => ({ publications: group, recipients: part, ...deadlines })),
  );
};
