import {
  MAX_CONNECTION_ID_LENGTH,
  DEFAULT_LIMITS,
  MAX_ENTRIES_PER_REQUEST,
  type HistoryQuery,
  type PresenceQuery,
  isId,
  isUserId,
  type Json,
  MAX_JSON_DEPTH,
  type PublishEntry,
  SERVER_API_VERSION,
  type RequestTarget,
  MAX_USER_ID_LENGTH,
} from "../../protocol/index.js";
import { subscriptionError } from "../subscriptions/channel-rules.js";
import { jsonDepth } from "../requests/json-depth.js";
import { readQuery } from "../history/history-query.js";
import { ERASURES, type ErasureRequest, readErasure } from "./erasure-requests.js";
import { truncateReason } from "../requests/truncate-reason.js";
import { isObject, readPresenceQuery } from "../requests/frame-parser.js";

/** An invalid entry, why, and its uuid if it has a valid one. */
export interface EntryFault {
  fault: string;
  uuid?: string;
}

/** A request to the server API. */
export type ServerRequest =
  | { kind: "publish"; entries: (PublishEntry | EntryFault)[] }
  | { kind: "history"; query: HistoryQuery }
  | { kind: "presence"; query: PresenceQuery }
  | { kind: "disconnect"; target: RequestTarget; reason: string | undefined }
  | { kind: "unsubscribe"; target: RequestTarget; channel: string; reason: string | undefined }
  | ErasureRequest;

const KINDS = ["publish", "history", "presence", "disconnect", "unsubscribe", ...ERASURES] as const;

/** Whether a value has the form of API Gateway's connection ids: visible ASCII. */
const isConnectionId = (id: unknown): id is string =>
  typeof id === "string" && id.length <= MAX_CONNECTION_ID_LENGTH && /^[\x21-\x7e]+$/.test(id);

const CONNECTION_ID_ERROR = `must be the id of a connection: 1 to ${MAX_CONNECTION_ID_LENGTH} visible ASCII characters`;
const USER_ID_ERROR = `must be the id of a user: 1 to ${MAX_USER_ID_LENGTH} characters`;

/** Reads a request to the server API; an invalid one is refused as a whole, with the reason. */
export const readServerRequest = (value: unknown): { request: ServerRequest } | { error: string } => {
  if (!isObject(value)) return { error: "A request must be a JSON object." };
  if (value["version"] !== SERVER_API_VERSION) return { error: `"version" must be ${SERVER_API_VERSION}.` };
  const [kind, ...more] = KINDS.filter((each) => value[each] !== undefined);
  if (!kind || more.length > 0) return { error: `A request must have exactly one of ${KINDS.join(", ")}.` };
  if (kind === "publish") return readPublish(value["publish"]);
  if (kind === "history") {
    const query = readQuery(value["history"]);
    return typeof query === "string" ? { error: `history: ${query}` } : { request: { kind, query } };
  }
  if (kind === "presence") {
    const query = readPresenceQuery(value["presence"]);
    return query
      ? { request: { kind, query } }
      : { error: '"presence" must have a channel; "after" must be a string, or left out.' };
  }

  if (kind === "deleteMessage" || kind === "deleteHistory" || kind === "forgetUser")
    return readErasure(kind, value[kind]);

  const target = readTarget(value[kind]);
  if (typeof target === "string") return { error: `${kind} ${target}.` };
  const { reason, channel } = value;
  if (reason !== undefined && typeof reason !== "string") return { error: '"reason" must be a string.' };
  const truncated = reason === undefined ? undefined : truncateReason(reason);
  if (kind === "disconnect") return { request: { kind, target, reason: truncated } };
  // This deployment's present rules do not matter: a subscription from an earlier deployment can be revoked.
  if (typeof channel !== "string" || subscriptionError(channel, { wildcards: [channel], limits: DEFAULT_LIMITS })) {
    return { error: '"channel" must be a channel name, or a wildcard such as stories/*.' };
  }
  return { request: { kind, target, channel, reason: truncated } };
};

const readTarget = (target: unknown): RequestTarget | string => {
  const { connectionId, userId } = isObject(target) ? target : {};
  if ((connectionId === undefined) === (userId === undefined)) return "must have either a connectionId or a userId";
  if (userId === undefined)
    return isConnectionId(connectionId) ? { connectionId } : `.connectionId ${CONNECTION_ID_ERROR}`;
  return isUserId(userId) ? { userId } : `.userId ${USER_ID_ERROR}`;
};

const readPublish = (entries: unknown): { request: ServerRequest } | { error: string } => {
  if (!Array.isArray(entries) || entries.length === 0)
    return { error: '"publish" must be a list of at least one entry.' };
  if (entries.length > MAX_ENTRIES_PER_REQUEST)
    return { error: `A request may have at most ${MAX_ENTRIES_PER_REQUEST} entries.` };
  return { request: { kind: "publish", entries: entries.map(readEntry) } };
};

const readEntry = (entry: unknown): PublishEntry | EntryFault => {
  if (!isObject(entry)) return { fault: "An entry must be an object." };
  const { uuid, channel, userId, excludeConnectionId, data, ephemeral } = entry;
  if (uuid !== undefined && !isId(uuid)) return { fault: '"uuid" must be 1 to 64 of 0-9 A-Z a-z - _.' };
  const named = uuid === undefined ? {} : { uuid };
  const fault = (error: string): EntryFault => ({ ...named, fault: error });
  if ((channel === undefined) === (userId === undefined))
    return fault("An entry must have either a channel or a userId.");
  if (channel !== undefined && typeof channel !== "string") return fault('"channel" must be a string.');
  if (userId !== undefined && !isUserId(userId)) return fault(`"userId" ${USER_ID_ERROR}.`);
  if (excludeConnectionId !== undefined && !isConnectionId(excludeConnectionId))
    return fault(`"excludeConnectionId" ${CONNECTION_ID_ERROR}.`);
  if (ephemeral !== undefined && typeof ephemeral !== "boolean") return fault('"ephemeral" must be true or false.');
  if (data === undefined) return fault("An entry must have data.");
  if (jsonDepth(data) > MAX_JSON_DEPTH) return fault(`"data" may be nested at most ${MAX_JSON_DEPTH} deep.`);
  const to = channel === undefined ? { userId: userId as string } : { channel };
  return {
    ...to,
    ...named,
    data: data as Json,
    ...(excludeConnectionId === undefined ? {} : { excludeConnectionId }),
    ...(ephemeral && { ephemeral }),
  };
};
