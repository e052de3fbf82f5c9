import { attributeBytes } from "./queue/attributes.js";
import { MAX_BATCH_ENTRIES } from "./limits.js";
import type { LongPolls } from "./queue/long-polls.js";
import type { Delivery, MessageAttributes } from "./queue/message.js";
import type { SqsRequest } from "./api/request.js";

/** Meters requests to queues. */
export interface QueueRequestMeter {
  /** Counts requests, by the size of each payload in bytes. */
  queueRequest(...payloads: number[]): void;
}

interface Carried {
  MessageBody?: string;
  Body?: string;
  MessageAttributes?: MessageAttributes;
}

/** The payload size of a request: the messages that it sends or receives. */
export const payloadBytes = (request: SqsRequest, answer: object): number => {
  const { Messages: received = [] } = answer as { Messages?: Carried[] };
  return [...request.sent(), ...received].reduce((sum, each) => sum + carriedBytes(each), 0);
};

const carriedBytes = ({
  MessageBody: sent = "",
  Body: received = "",
  MessageAttributes: attributes = {},
}: Carried): number => Buffer.byteLength(sent + received) + attributeBytes(attributes);

/** Wraps long polls so that each receive is counted. A receive without messages is a request, too. */
export const meteredPolls = (
  polls: Pick<LongPolls, "receive">,
  meter: QueueRequestMeter | undefined,
): Pick<LongPolls, "receive"> => {
  if (!meter) return polls;
  return {
    async receive(request) {
      const deliveries = await polls.receive(request);
      meter.queueRequest(deliveries.reduce((sum, each) => sum + deliveryBytes(each), 0));
      return deliveries;
    },
  };
};

const deliveryBytes = ({ body, attributes }: Delivery): number => Buffer.byteLength(body) + attributeBytes(attributes);

/** Counts the requests that delete a number of messages: Lambda deletes in batches. */
export const meterDeletes = (meter: QueueRequestMeter | undefined, messages: number): void => {
  for (let left = messages; left > 0; left -= MAX_BATCH_ENTRIES) meter?.queueRequest(0);
};
