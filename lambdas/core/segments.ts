import type { Subscriber } from "./ports.js";
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
}

/** Where segments go: they are kept until a worker has dealt with them. */
export interface Segments {
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
 * How often a segment is given to a worker: all but the last try to deliver it, the last one closes whom it is for, so
 * that they know. Less would give up what only found all workers busy.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export const SEGMENT_RECEIVES = 6;

/** A segment as its worker is to deal with it, which is the `receive`th, from 1. */
export const atReceive = (segment: Segment, receive: number): Segment =>
  receive < SEGMENT_RECEIVES ? segment : { ...segment, until: 0 };

/** Version of the text, for workers of a version that is just being deployed. */
const VERSION = 1;

interface Text {
  v: number;
  until: number;
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
export const encodeSegment = ({ publications, recipients, until }: Segment): string => {
  const who = "after" in recipients ? recipients : recipients.map(nameOf).join(" ");
  return JSON.stringify({ v: VERSION, until, publications, recipients: who } satisfies Text);
};

/**
 * Reads what `encodeSegment` wrote.
 * @throws Error where it is something else: then it stays in the queue, and comes to the dead-letter queue in the end
 */
export const decodeSegment = (text: string): Segment => {
  const { v, until, publications, recipients } = JSON.parse(text) as Text;
  if (v !== VERSION) throw new Error(`a segment of version ${String(v)}`);
  const who = typeof recipients === "string" ? recipients.split(" ").map(subscriberOf) : recipients;
  return { publications, until, recipients: who };
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
  until: number,
): Segment[] => {
  const parts = "after" in recipients ? [recipients] : chunks(recipients, SEGMENT_RECIPIENTS);
  return grouped(publications).flatMap((group) => parts.map((part): Segment => ({ publications: group, recipients: part, until })));
};

const chunks = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
