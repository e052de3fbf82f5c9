import type { Subscriber } from "../ports.js";
import type { Publication } from "./recipients.js";

/**
 * What a fan-out hands on: publications, and those whom they have not reached yet. A worker delivers it, or hands on
 * what is left of it.
 */
export interface Segment {
  publications: readonly Publication[];
  /** Who is left: by name, or all subscribers behind a connection id, who have not even been read. */
  recipients: readonly Subscriber[] | { after: string };
  /** Until when it is tried, in epoch milliseconds; whoever has not been reached by then is closed. */
  until: number;
  /**
   * Of recipients that were tried in vain: when they count as clients that read nothing, in epoch milliseconds. Only a
   * worker that has tried them decides that, so time that no worker was free for does not count.
   */
  slowUntil?: number;
}

/** How long a segment is tried. */
export type Deadlines = Pick<Segment, "until" | "slowUntil">;

/** Of a segment that the next worker does not try: it closes the recipients. */
export const EXPIRED_DEADLINES: Deadlines = { until: 0 };

/** How often workers have begun with a segment. Lambda counts receives, which throttles raise as well. */
export interface SegmentAttempts {
  /**
   * Notes that a worker begins with a segment that has been received before.
   * @param id the id of its message in the queue
   * @returns how many workers have begun so, this one included
   */
  begin(id: string): Promise<number>;
}

/** Where segments go: they are kept until a worker has dealt with them. */
export interface SegmentQueuePort {
  /**
   * Hands segments on.
   * @param delaySeconds how long a worker waits with them
   * @returns those that could not be handed on
   */
  send(segments: readonly Segment[], delaySeconds?: number): Promise<Segment[]>;
}

/** Most subscribers in a segment: what a crash repeats at most. */
export const SEGMENT_RECIPIENTS = 1_000;

/**
 * How many workers may fail at a segment before the next one closes the recipients, so that they know. The first worker
 * is not counted (see `attemptOf`), so there are five or six.
 */
export const SEGMENT_ATTEMPTS = 5;

/**
 * How many workers have certainly begun with a segment, this one included. On the first receive nobody has to ask, which
 * is nearly always: so what goes well costs nothing. If that receive was throttled no worker has begun, so a first
 * worker that died is not counted: the error is one attempt more, never one less.
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

/**
 * Reads what `encodeSegment` wrote.
 * @throws Error where it is something else: then it stays in the queue, and comes to the dead-letter queue in the end
 */
export const decodeSegment = (text: string): Segment => {
  const { v, until, slow, publications, recipients } = JSON.parse(text) as Text;
  if (v !== VERSION) throw new Error(`a segment of version ${String(v)}`);
  const who = typeof recipients === "string" ? recipients.split(" ").map(subscriberOf) : recipients;
  return { publications, until, ...(slow !== undefined && { slowUntil: slow }), recipients: who };
};

/**
 * Most bytes of messages in a segment: with those whom they are for it stays well below what a queue takes.
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

/** Publications and whom they are for, as segments. */
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

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
