import type { Message, Reply } from "../../../protocol/frames.js";
import { MAX_CHANNEL_LENGTH, MAX_FRAME_BYTES } from "../../../protocol/limits.js";
import { isPublicationAction, isSubscriptionAction, type Request, type SubscriptionTarget } from "./request.js";

/** An incoming frame: a message, a reply, or an error of API Gateway itself. Its fields are not validated. */
export type IncomingFrame = Partial<Reply & Message> & { message?: unknown };

/** The objects in a frame from the server. An empty frame and a frame that is not JSON have none. */
export const parseFrame = (text: unknown): IncomingFrame[] => {
  try {
    return [JSON.parse(text as string) as unknown].flat().filter((value) => value instanceof Object);
  } catch {
    return [];
  }
};

/** The longest name of a channel or wildcard. The server cuts longer names in its replies. */
export const MAX_NAME_LENGTH = MAX_CHANNEL_LENGTH + "/*".length;

/** How many bytes of payload fit a frame. The rest of the frame takes less than 128 bytes. */
export const MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - 128;

/** How many channels, and how many messages, one frame may carry. */
export interface BatchLimits {
  channelsPerFrame: number;
  messagesPerFrame: number;
}

/**
 * Chooses the requests of the next frame: of one action, oldest first, as many as fit. A request waits while another
 * request with its ordering key is in front of it or in flight. Two requests with one uuid never share a frame, because
 * their replies could not be distinguished.
 */
export const nextBatch = (
  requests: Iterable<Request>,
  { channelsPerFrame, messagesPerFrame }: BatchLimits,
): Request[] => {
  const batch: Request[] = [];
  /** The ordering keys and uuids that must not be added (again). */
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

/** How many bytes of a frame extensions may add to a subscription with a token when it is sent. */
export const TARGET_BYTES = 192;

/** A channel as JSON: its name, or an object if there is more to say. */
const encodeTarget = ({ channel, ...more }: SubscriptionTarget, hasMore: boolean): string =>
  JSON.stringify(hasMore || Object.values(more).some((value) => value !== undefined) ? { channel, ...more } : channel);

/** A request's part of a frame. */
const encodeRequest = ({ target, payload, token }: Request): string => {
  const json = target ? encodeTarget(target, token !== undefined) : payload;
  // The token is the last field of the channel, or of the frame's data.
  const end = target ? -1 : -2;
  return token === undefined ? json : `${json.slice(0, end)},"token":${token}${json.slice(end)}`;
};

/** The text of a frame that carries requests of one action. Subscriptions share the uuid of the first one. */
export const encodeBatch = (batch: readonly Request[]): string => {
  const { action, uuid, channel } = batch[0]!;
  const start = `{"action":"${action}",`;
  const payloads = batch.map(encodeRequest).join();
  if (channel !== undefined && isSubscriptionAction(action))
    return `${start}"channel":"/meta/${action}","uuid":"${uuid}","data":{"channels":[${payloads}]}}`;
  return batch.length > 1 ? `${start}"messages":[${payloads}]}` : start + payloads.slice(1);
};
