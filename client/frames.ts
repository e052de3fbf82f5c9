import { CHANNELS_PER_FRAME, FRAME_BYTES, MESSAGES_PER_FRAME } from "../protocol/limits.js";
import type { Reply, Message } from "../protocol/frames.js";
import { isSubscription, type Request } from "./request.js";

/** What may come in: a message, an answer, an error of API Gateway itself; every field is unproven. */
export type Incoming = Partial<Reply & Message> & { message?: unknown };

/** The objects of a frame from the server; none for an empty frame, and for what is not ours. */
export const parse = (text: unknown): Incoming[] => {
  try {
    return [JSON.parse(text as string) as unknown].flat().filter((value) => value instanceof Object);
  } catch {
    return [];
  }
};

/** `text` as UTF-8. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Room in a frame: what surrounds its parts (action, meta channel, uuid, brackets) takes less than 128 bytes. */
export const ROOM = FRAME_BYTES - 128;

/** Most requests in one frame, of either kind. */
const MOST = CHANNELS_PER_FRAME < MESSAGES_PER_FRAME ? CHANNELS_PER_FRAME : MESSAGES_PER_FRAME;

/**
 * Chooses what goes as one frame: of all requests, oldest first, those of one action that are not in flight yet, as
 * many as fit; none whose lane has something in flight, none before an older one of its lane.
 */
export const gather = (open: Iterable<Request>): Request[] => {
  const closed = new Set<string>();
  const batch: Request[] = [];
  let room = ROOM;
  for (const request of open)
    if (
      !request._frame &&
      !closed.has(request._lane) &&
      (batch[0] ?? request)._action === request._action &&
      batch.length < (request._most ?? MOST) &&
      (room -= request._bytes! + 1) >= 0
    )
      batch.push(request);
    else closed.add(request._lane);
  return batch;
};

/** The text of a frame that carries `batch`: requests of one action; subscriptions share the uuid of the first. */
export const write = (batch: readonly Request[]): string => {
  const { _action, _uuid, _json } = batch[0]!;
  const all = batch.map((request) => request._json).join();
  const start = `{"action":"${_action}",`;
  return isSubscription(_action)
    ? `${start}"channel":"/meta/${_action}","uuid":"${_uuid}","data":{"channels":[${all}]}}`
    : start + (batch[1] ? `"messages":[${all}]}` : _json.slice(1));
};
