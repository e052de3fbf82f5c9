import type { Message, Reply } from "../../../protocol/frames.js";
import { MAX_FRAME_BYTES } from "../../../protocol/limits.js";
import { isPublicationAction, isSubscriptionAction, type Request } from "./request.js";

/** What may arrive: a message, a reply, an error of API Gateway itself. No field is proven. */
export type IncomingFrame = Partial<Reply & Message> & { message?: unknown };

/** The objects in a frame from the server. None are in an empty frame, or in one that is not JSON. */
export const parseFrame = (text: unknown): IncomingFrame[] => {
  try {
    return [JSON.parse(text as string) as unknown].flat().filter((value) => value instanceof Object);
  } catch {
    return [];
  }
};

/** How many bytes of payload a frame has room for. What surrounds it takes less than 128 bytes. */
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - 128;

/** How many channels, and how many messages, one frame may carry. */
export interface BatchLimits {
  channelsPerFrame: number;
  messagesPerFrame: number;
}

/**
 * Chooses the requests of the next frame: of one action, oldest first, as many as fit. A request waits while one with its
 * ordering key is ahead of it or in flight. Two requests with one uuid never share a frame: nobody could tell their
 * replies apart.
 */
export const nextBatch = (
  requests: Iterable<Request>,
  { channelsPerFrame, messagesPerFrame }: BatchLimits,
): Request[] => {
  const batch: Request[] = [];
  /** Ordering keys and uuids that nothing may be added of. */
  const taken = new Set<string>();
  let room = MAX_PAYLOAD_BYTES;
  for (const request of requests) {
    const { action, orderingKey, uuid, bytes, state } = request;
    const limit = isSubscriptionAction(action) ? channelsPerFrame : isPublicationAction(action) ? messagesPerFrame : 1;
    const isOfBatch = (batch[0] ?? request).action === action && batch.length < limit && bytes < room;
    if (state === "queued" && isOfBatch && !taken.has(orderingKey) && !taken.has(uuid)) {
      batch.push(request);
      room -= bytes + 1;
    } else taken.add(orderingKey);
    taken.add(uuid);
  }
  return batch;
};

/** The text of a frame that carries requests of one action. Subscriptions share the uuid of the first. */
export const encodeBatch = (batch: readonly Request[]): string => {
  const { action, uuid, channel, payload } = batch[0]!;
  const start = `{"action":"${action}",`;
  const payloads = batch.map((request) => request.payload).join();
  if (channel !== undefined && isSubscriptionAction(action))
    return `${start}"channel":"/meta/${action}","uuid":"${uuid}","data":{"channels":[${payloads}]}}`;
  return batch.length > 1 ? `${start}"messages":[${payloads}]}` : start + payload.slice(1);
};
