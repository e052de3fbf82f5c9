import { limiter } from "../../util/limiter.js";
import { encodeSegment, encodeWakeUp, type Segment, type SegmentQueuePort } from "../../delivery/segments.js";
import type { WakeUps } from "../../presence/occupancy.js";
import { SignedClient, type SignedResponse } from "../http/signed-request.js";

/**
 * Maximum number of messages in one SendMessageBatch.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export const BATCH_ENTRIES = 10;

/**
 * Maximum bytes of one SendMessageBatch, without the JSON around the messages. Queues accept 1 MiB. Smaller batches are
 * answered sooner, and also work with a queue with a lower limit.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
 */
export const BATCH_BYTES = 250_000;

/** How many batches are sent at once. */
const BATCHES_IN_FLIGHT = 8;

/** How many times a batch is sent before its segments count as not enqueued. */
const ATTEMPTS = 2;

/** Maximum time of one attempt, in milliseconds: all attempts together are shorter than a function's margin. */
const CALL_MS = 1_200;

interface Entry {
  body: string;
}

interface SegmentEntry extends Entry {
  segment: Segment;
}

const batched = (entries: readonly SegmentEntry[]): SegmentEntry[][] => {
  const batches: SegmentEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const bytes = Buffer.byteLength(entry.body);
    const last = batches.at(-1);
    if (last && last.length < BATCH_ENTRIES && bytes <= room) {
      last.push(entry);
      room -= bytes;
    } else {
      batches.push([entry]);
      room = BATCH_BYTES - bytes;
    }
  }
  return batches;
};

/** The queue's endpoint: the standard variable, as for the SDKs, or the host of its URL. */
const endpointOf = (queueUrl: string): URL =>
  new URL(process.env["AWS_ENDPOINT_URL_SQS"] ?? new URL(queueUrl || "https://sqs").origin);

/**
 * The fan-out queue, over SQS's JSON protocol, at the URL in `PUSH_IT_SEGMENTS`.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
 */
export class SegmentQueue implements SegmentQueuePort, WakeUps {
  readonly #url = process.env["PUSH_IT_SEGMENTS"] ?? "";
  readonly #client = new SignedClient({
    service: "sqs",
    endpoint: endpointOf(this.#url),
    maxSockets: BATCHES_IN_FLIGHT,
  });
  readonly #limited = limiter(BATCHES_IN_FLIGHT);

  async send(segments: readonly Segment[], delaySeconds = 0): Promise<Segment[]> {
    const entries = segments.map((segment) => ({ segment, body: encodeSegment(segment) }));
    const left = await Promise.all(
      batched(entries).map((batch) => this.#limited(() => this.#sendBatch(batch, delaySeconds))),
    );
    return left.flat().map(({ segment }) => segment);
  }

  async wakeUp(channels: readonly string[], delaySeconds: number): Promise<boolean> {
    return (await this.#sendBatch([{ body: encodeWakeUp(channels) }], delaySeconds)).length === 0;
  }

  /**
   * Sets when a segment becomes visible again if its worker crashes. The queue itself hides it for much longer, so that
   * Lambda has time to find a free worker. Never rejects: if it fails, the segment becomes visible later.
   * @param receipt the receipt handle of its message
   */
  async comesBackIn(seconds: number, receipt: string): Promise<void> {
    await this.#ask("ChangeMessageVisibility", { ReceiptHandle: receipt, VisibilityTimeout: seconds }).catch(
      () => undefined,
    );
  }

  /** @returns the entries that the queue has not accepted */
  async #sendBatch<E extends Entry>(batch: E[], delaySeconds: number): Promise<E[]> {
    let left = batch;
    for (let attempt = 1; attempt <= ATTEMPTS && left.length > 0; attempt += 1) {
      const taken = await this.#attempt(left, delaySeconds).catch(() => new Set<string>());
      left = left.filter((_, at) => !taken.has(String(at)));
    }
    return left;
  }

  /** @returns the ids of the entries that the queue has accepted */
  async #attempt(batch: readonly Entry[], delaySeconds: number): Promise<Set<string>> {
    const Entries = batch.map(({ body }, at) => ({ Id: String(at), MessageBody: body, DelaySeconds: delaySeconds }));
    const { status, body } = await this.#ask("SendMessageBatch", { Entries });
    if (status !== 200) return new Set();
    const { Successful = [] } = JSON.parse(body) as { Successful?: { Id: string }[] };
    return new Set(Successful.map(({ Id }) => Id));
  }

  #ask(operation: string, parameters: object): Promise<SignedResponse> {
    return this.#client.send({
      method: "POST",
      path: "/",
      headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": `AmazonSQS.${operation}` },
      body: JSON.stringify({ QueueUrl: this.#url, ...parameters }),
      timeoutMs: CALL_MS,
    });
  }
}
