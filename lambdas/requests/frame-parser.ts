import {
  type Reply,
  MAX_FRAME_BYTES,
  MAX_HISTORY_PAGE_SIZE,
  isId,
  type Json,
  type Limits,
  MAX_MESSAGES_PER_FRAME,
  MAX_TOKEN_BYTES,
  Meta,
  MAX_JSON_DEPTH,
  type OutgoingMessage,
  type PresenceQuery,
  type Position,
} from "../../protocol/index.js";
import { failure, forChannel } from "./replies.js";

/** A frame's JSON object, before its fields are validated. */
export type Fields = Record<string, unknown>;

/** The request of a frame, or the replies that report its errors. */
export type Parsed<Request> = { request: Request } | { faults: Reply[] };

/** One channel of a subscribe or unsubscribe request. */
export interface SubscriptionTarget {
  channel: string;
  /** The position after which messages are requested. */
  since?: Position;
  /** How many of the newest messages are requested. */
  last?: number;
  /** Whether the agent wants to be a member of the channel. */
  present: boolean;
  /** For the subscription guard, for this request only. */
  token?: Json;
  /** Its fields that are invalid. An invalid `token` is too large. */
  invalid: readonly ("since" | "last" | "present" | "token")[];
}

/** A subscribe or unsubscribe request: its channels, each once, in the order of the frame. */
export interface SubscriptionRequest {
  uuid: string;
  targets: ReadonlyMap<string, SubscriptionTarget>;
}

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Properties of a JSON text that are known without parsing it. */
export interface JsonScan {
  /** Depth of nested objects and lists. */
  nesting: number;
  /** Number of fields of its outermost object. A repeated field counts twice: parsing keeps the last. */
  fields: number;
}

/** Scans a JSON text. The result for invalid JSON is meaningless. */
export const scanJson = (json: string): JsonScan => {
  let depth = 0;
  let deepest = 0;
  let fields = 0;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "[" || character === "{") deepest = Math.max(deepest, (depth += 1));
    else if (character === "]" || character === "}") depth -= 1;
    else if (character === ":" && depth === 1) fields += 1;
  }
  return { nesting: deepest, fields };
};

/** The frame as a JSON object; `undefined` if it is anything else, or too large or too deep. */
export const readFrame = (body: string | null | undefined): Fields | undefined => {
  if (!body || Buffer.byteLength(body) > MAX_FRAME_BYTES || scanJson(body).nesting > MAX_JSON_DEPTH) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The uuid for the reply to this frame; `undefined` if the frame has no valid uuid. */
export const uuidOf = (fields: Fields | undefined): string | undefined =>
  isId(fields?.["uuid"]) ? fields["uuid"] : undefined;

const bad = (fields: Fields | undefined, error: string): { faults: Reply[] } => ({
  faults: [failure(Meta.error, uuidOf(fields), "bad_frame", error)],
});

const NOT_AN_OBJECT = "A frame must be a JSON object of at most 32,768 bytes, nested at most 256 deep.";
const NO_UUID = "A frame must have a uuid: 1 to 64 of 0-9 A-Z a-z - _.";

/** Reads a frame with a meta action: it must have a uuid and that action's meta channel. */
export const readMeta = (body: string | null | undefined, channel: string): Parsed<Fields & { uuid: string }> => {
  const fields = readFrame(body);
  if (!fields) return bad(undefined, NOT_AN_OBJECT);
  const uuid = uuidOf(fields);
  if (uuid === undefined) return bad(fields, NO_UUID);
  if (fields["channel"] !== channel) return bad(fields, `A frame with this action must have the channel ${channel}.`);
  return { request: { ...fields, uuid } };
};

/** Reads a `connect` or `ping` frame. */
export const readMetaFrame = (
  body: string | null | undefined,
  channel: typeof Meta.connect | typeof Meta.ping,
): Parsed<{ uuid: string }> => readMeta(body, channel);

/** Maximum length of `after`, in characters. */
const AFTER_LENGTH = 64;

/** Reads a presence query; `undefined` if it is invalid. */
export const readPresenceQuery = (value: unknown): PresenceQuery | undefined => {
  const { channel, after } = isObject(value) ? value : {};
  if (
    typeof channel !== "string" ||
    (after !== undefined && !(typeof after === "string" && after.length <= AFTER_LENGTH))
  )
    return undefined;
  return { channel, ...(after === undefined ? {} : { after }) };
};

/** Reads a `presence` frame. */
export const readPresence = (body: string | null | undefined): Parsed<{ uuid: string } & PresenceQuery> => {
  const read = readMeta(body, Meta.presence);
  if ("faults" in read) return read;
  const { uuid, data } = read.request;
  const query = readPresenceQuery(data);
  const { token } = isObject(data) ? data : {};
  if (query && !fitsToken(token))
    return { faults: [forChannel(query.channel, failure(Meta.presence, uuid, "too_large", TOKEN_ERROR))] };
  if (query) return { request: { uuid, ...query, ...readToken(token) } };
  return {
    faults: [
      failure(
        Meta.presence,
        uuid,
        "bad_frame",
        'The frame must have a "data.channel"; "data.after" must be a string, or left out.',
      ),
    ],
  };
};

/** Reads a `refresh` frame and its credentials. */
export const readRefresh = (
  body: string | null | undefined,
  { credentialsBytes }: Pick<Limits, "credentialsBytes">,
): Parsed<{ uuid: string; credentials: Json | undefined }> => {
  const read = readMeta(body, Meta.refresh);
  if ("faults" in read) return read;
  const { uuid, data = {} } = read.request;
  if (!isObject(data))
    return { faults: [failure(Meta.refresh, uuid, "bad_frame", '"data" must be an object, or left out.')] };
  const credentials = data["credentials"] as Json | undefined;
  if (credentials !== undefined && Buffer.byteLength(JSON.stringify(credentials)) > credentialsBytes) {
    const error = `Credentials may have at most ${credentialsBytes} bytes of JSON.`;
    return { faults: [failure(Meta.refresh, uuid, "too_large", error)] };
  }
  return { request: { uuid, credentials } };
};

/** Reads a `subscribe` or `unsubscribe` frame. */
export const readSubscription = (
  body: string | null | undefined,
  meta: typeof Meta.subscribe | typeof Meta.unsubscribe,
  { channelsPerFrame }: Pick<Limits, "channelsPerFrame">,
): Parsed<SubscriptionRequest> => {
  const read = readMeta(body, meta);
  if ("faults" in read) return read;
  const { uuid, data } = read.request;
  const { channel, channels } = isObject(data) ? data : {};
  const entries: unknown = typeof channel === "string" ? [data] : channels;
  const targets = Array.isArray(entries) ? entries.map(targetOf) : [];
  if (!Array.isArray(entries) || targets.length === 0 || targets.includes(undefined)) {
    const error = 'The frame must have a "data.channel", or "data.channels" with at least one channel.';
    return { faults: [failure(meta, uuid, "bad_frame", error)] };
  }
  if (entries.length > channelsPerFrame) {
    const error = `A frame may have at most ${channelsPerFrame} channels.`;
    return { faults: [failure(meta, uuid, "too_many", error)] };
  }
  const merged = new Map<string, SubscriptionTarget>();
  for (const target of targets.filter((each) => each !== undefined)) {
    const { invalid = [], present = false, ...earlier } = merged.get(target.channel) ?? {};
    merged.set(target.channel, {
      ...earlier,
      ...target,
      // If a frame names a channel twice, one of the two is enough to be a member.
      present: present || target.present,
      invalid: [...invalid, ...target.invalid],
    });
  }
  return { request: { uuid, targets: merged } };
};

/** A channel of a subscribe request. `undefined` if the value is neither a name nor an object with a channel. */
const targetOf = (target: unknown): SubscriptionTarget | undefined => {
  if (typeof target === "string") return { channel: target, present: true, invalid: [] };
  const { channel, since, last, present = true, token } = isObject(target) ? target : {};
  if (typeof channel !== "string") return undefined;
  const position = readPosition(since);
  const isLast = isPageSize(last);
  const invalid: SubscriptionTarget["invalid"] = [
    ...(since !== undefined && !position ? (["since"] as const) : []),
    ...(last !== undefined && !isLast ? (["last"] as const) : []),
    ...(typeof present === "boolean" ? [] : (["present"] as const)),
    ...(fitsToken(token) ? [] : (["token"] as const)),
  ];
  return {
    channel,
    present: present !== false,
    ...(position && { since: position }),
    ...(isLast && { last }),
    ...readToken(token),
    invalid,
  };
};

/** Why a request is refused if `fitsToken` does not hold. */
export const TOKEN_ERROR = `A token may have at most ${MAX_TOKEN_BYTES} bytes of JSON.`;

/** Whether a field of a frame can be a token, or is left out. */
export const fitsToken = (value: unknown): boolean =>
  value === undefined || Buffer.byteLength(JSON.stringify(value)) <= MAX_TOKEN_BYTES;

/** The token of a request, if it is there and fits. */
export const readToken = (value: unknown): { token?: Json } =>
  value !== undefined && fitsToken(value) ? { token: value as Json } : {};

/** Whether a value can be a number of messages of one reply. */
export const isPageSize = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_HISTORY_PAGE_SIZE;

/** Maximum length of an epoch, in characters. */
const EPOCH_LENGTH = 64;

/** Reads a position in a channel's history; `undefined` if it is invalid. */
export const readPosition = (value: unknown): Position | undefined => {
  const { epoch, offset } = isObject(value) ? value : {};
  const known = typeof epoch === "string" && epoch.length <= EPOCH_LENGTH;
  return known && Number.isSafeInteger(offset) && (offset as number) >= 0
    ? { epoch, offset: offset as number }
    : undefined;
};

/** The error of one message of a publish frame; `undefined` if it is valid. */
const messageFault = (message: unknown): string | undefined => {
  if (!isObject(message)) return "A message must be an object.";
  if (!isId(message["uuid"])) return NO_UUID;
  if (typeof message["channel"] !== "string") return "A message must have a channel.";
  if (!("data" in message)) return "A message must have data.";
  const flag = ["echo", "ephemeral"].find((name) => name in message && typeof message[name] !== "boolean");
  if (flag !== undefined) return `"${flag}" must be true or false.`;
  return undefined;
};

/**
 * Reads a `publish` or `send` frame. One malformed message makes the frame malformed: then each of its messages gets an
 * error, and none is published.
 */
export const readPublication = (
  body: string | null | undefined,
  { messagesPerFrame }: Pick<Limits, "messagesPerFrame">,
): Parsed<OutgoingMessage[]> => {
  const fields = readFrame(body);
  if (!fields) return bad(undefined, NOT_AN_OBJECT);
  const messages: unknown = "messages" in fields ? fields["messages"] : [fields];
  if (!Array.isArray(messages) || messages.length === 0) return bad(fields, '"messages" must be a list of messages.');
  if (messages.length > messagesPerFrame) {
    const error = `A frame may have at most ${messagesPerFrame} messages.`;
    // As many replies as one frame can hold.
    const uuids = messages
      .slice(0, MAX_MESSAGES_PER_FRAME)
      .map((message) => (isObject(message) ? uuidOf(message) : undefined));
    return { faults: uuids.map((uuid) => failure(Meta.error, uuid, "too_many", error)) };
  }
  const faults = messages.map(messageFault);
  if (faults.every((fault) => fault === undefined)) {
    return {
      request: (messages as Fields[]).map((message) => ({
        channel: message["channel"] as string,
        uuid: message["uuid"] as string,
        data: message["data"] as Json,
        echo: message["echo"] !== false,
        ...(message["ephemeral"] === true && { ephemeral: true }),
      })),
    };
  }
  return {
    faults: messages.map((message: unknown, at) =>
      failure(
        Meta.error,
        isObject(message) ? uuidOf(message) : undefined,
        "bad_frame",
        faults[at] ?? "Another message of the same frame is malformed; nothing was published.",
      ),
    ),
  };
};
