import {
  MAX_CHANNELS_PER_FRAME,
  MAX_CREDENTIALS_BYTES,
  MAX_INFO_BYTES,
  isId,
  isUserId,
  type Json,
  type Message,
  type RequestedMessage,
  MAX_JSON_DEPTH,
  MAX_PUBLICATIONS_PER_GUARD_CALL,
  MAX_RESULT_BYTES,
  MAX_USER_ID_LENGTH,
} from "../../protocol/index.js";
import { type ChannelRules, publicationError, subscriptionError } from "../subscriptions/channel-rules.js";
import { type Fields, isObject, scanJson } from "../requests/frame-parser.js";
import { isEphemeralByDefault, LAST_DATE } from "./guard-context.js";
import {
  CONTRACT_VERSION,
  DENIAL_CODES,
  type DenialCode,
  type GuardRequest,
  RECIPIENTS_PER_REQUEST,
  VERDICTS,
} from "./contract.js";
import type { Decision } from "./messages.js";

/** A valid response, or its error, without any of its own text. */
export type Read<T> = { value: T } | { fault: string };

class ResponseError extends Error {}

const assertShape: (holds: boolean, what: string) => asserts holds = (holds, what) => {
  if (!holds) throw new ResponseError(what);
};

/** Further nesting of a message's data here, compared to a frame: a list of objects, in an object. */
const ENVELOPE_DEPTH = 2;

const json = (fields: Fields, name: string, limit: number): Json | undefined => {
  if (!Object.hasOwn(fields, name)) return undefined;
  const bytes = Buffer.byteLength(JSON.stringify(fields[name]));
  assertShape(bytes <= limit, `${name} has ${bytes} bytes of JSON, but at most ${limit} are allowed`);
  return fields[name] as Json;
};

const text = (fields: Fields, name: string): string | undefined => {
  const { [name]: value } = fields;
  if (value === undefined) return undefined;
  assertShape(typeof value === "string", `${name} must be a string`);
  return value;
};

const userId = (fields: Fields): string | undefined => {
  const id = text(fields, "userId");
  assertShape(id === undefined || isUserId(id), `userId must have 1 to ${MAX_USER_ID_LENGTH} characters`);
  return id;
};

const expiresAt = (fields: Fields, now: number): number | undefined => {
  const { expiresAt: at } = fields;
  if (at === undefined) return undefined;
  assertShape(
    Number.isInteger(at) && (at as number) <= LAST_DATE,
    "expiresAt must be a whole number of epoch milliseconds",
  );
  assertShape(
    (at as number) > now,
    "expiresAt must be in the future (it is in milliseconds; a JWT's exp is in seconds)",
  );
  return at as number;
};

/** A deployment's limits for names of channels. */
type Names = ChannelRules["limits"];

const subscriptions = ({ subscribe = [] }: Fields, { wildcards }: GuardRequest, limits: Names): string[] => {
  assertShape(Array.isArray(subscribe), "subscribe must be a list");
  assertShape(
    subscribe.length <= MAX_CHANNELS_PER_FRAME,
    `subscribe names more than ${MAX_CHANNELS_PER_FRAME} channels`,
  );
  for (const channel of subscribe as unknown[]) {
    const fault = typeof channel === "string" ? subscriptionError(channel, { wildcards, limits }) : "bad_channel";
    assertShape(fault === undefined, `subscribe has a channel that cannot be subscribed to (${fault})`);
  }
  return subscribe as string[];
};

const publications = ({ publish }: Fields, { message }: GuardRequest, limits: Names): RequestedMessage[] => {
  assertShape(Array.isArray(publish), "publish must be a list");
  assertShape(
    publish.length <= MAX_PUBLICATIONS_PER_GUARD_CALL,
    `publish has more than ${MAX_PUBLICATIONS_PER_GUARD_CALL} entries`,
  );
  return (publish as unknown[]).map((each) => {
    assertShape(isObject(each) && Object.hasOwn(each, "data"), "each entry of publish must have a channel and data");
    const { channel, data } = each;
    const fault = typeof channel === "string" ? publicationError(channel, { limits }) : "bad_channel";
    assertShape(fault === undefined, `publish has a channel that cannot be published on (${fault})`);
    const { uuid = message?.uuid ?? "" } = each;
    assertShape(isId(uuid), "each uuid in publish must be 1 to 64 characters of 0-9 A-Z a-z - _");
    const { ephemeral = isEphemeralByDefault(message, channel as string) } = each;
    assertShape(typeof ephemeral === "boolean", "each ephemeral in publish must be true or false");
    return { channel: channel as string, uuid, data: data as Json, ...(ephemeral && { ephemeral }) };
  });
};

/** The response's fields, if it is a response to this request. */
const fieldsOf = (response: string, request: GuardRequest): Fields => {
  const scan = scanJson(response);
  assertShape(
    scan.nesting <= MAX_JSON_DEPTH + ENVELOPE_DEPTH,
    `the response is nested deeper than ${MAX_JSON_DEPTH + ENVELOPE_DEPTH}`,
  );
  let fields: unknown;
  try {
    fields = JSON.parse(response);
  } catch {
    throw new ResponseError("the response is not JSON");
  }
  assertShape(isObject(fields), "the response is not an object");
  // A response with two verdicts is invalid.
  assertShape(Object.keys(fields).length === scan.fields, "the response names a field twice");
  assertShape(fields["version"] === CONTRACT_VERSION, `version is not ${CONTRACT_VERSION}`);
  const verdicts: readonly unknown[] = VERDICTS[request.guard];
  assertShape(verdicts.includes(fields["verdict"]), `verdict must be one of ${verdicts.join(", ")}`);
  assertShape(
    request.channel === undefined || fields["channel"] === request.channel,
    "channel must be the channel of the request",
  );
  return fields;
};

const decisionOf = (fields: Fields, request: GuardRequest, now: number, limits: Names): Decision => {
  const permit = (more: Partial<Decision> = {}): Decision =>
    ({ permitted: true, subscribe: [], publish: [], ...more }) as Decision;
  switch (fields["verdict"]) {
    case "connected": {
      const info = json(fields, "info", MAX_INFO_BYTES);
      const id = userId(fields);
      const end = expiresAt(fields, now);
      const credentials = Object.hasOwn(fields, "credentials")
        ? json(fields, "credentials", MAX_CREDENTIALS_BYTES)
        : request.agent?.credentials;
      return permit({
        subscribe: subscriptions(fields, request, limits),
        ...(info === undefined ? {} : { info }),
        ...(id === undefined ? {} : { userId: id }),
        ...(end === undefined ? {} : { expiresAt: end }),
        ...(credentials === undefined ? {} : { credentials }),
      });
    }
    case "subscribe":
      return permit({ subscribe: [request.channel ?? "", ...subscriptions(fields, request, limits)] });
    case "unsubscribe":
    case "presenceSuccess":
      return permit();
    case "publicationSuccess": {
      const result = json(fields, "result", MAX_RESULT_BYTES);
      return permit({
        publish: publications(fields, request, limits),
        subscribe: subscriptions(fields, request, limits),
        ...(result === undefined ? {} : { result }),
      });
    }
    case "publicationDenied":
    case "presenceDenied": {
      const { code = "denied" } = fields as { code?: DenialCode };
      assertShape(DENIAL_CODES.includes(code), `code must be one of ${DENIAL_CODES.join(", ")}`);
      return { permitted: false, reason: text(fields, "reason") ?? "", ...(code !== "denied" && { code }) };
    }
    default:
      return { permitted: false, reason: text(fields, "reason") ?? "" };
  }
};

const deliveriesOf = ({ deliveries }: Fields, { recipients = [], message }: GuardRequest): Map<string, Message> => {
  assertShape(Array.isArray(deliveries), "deliveries must be a list");
  assertShape(
    deliveries.length <= RECIPIENTS_PER_REQUEST,
    `deliveries has more than ${RECIPIENTS_PER_REQUEST} entries`,
  );
  const asked = new Set(recipients.map(({ uuid }) => uuid));
  const delivered = new Map<string, Message>();
  for (const each of deliveries as unknown[]) {
    assertShape(isObject(each) && typeof each["agent"] === "string", "deliveries has an entry without an agent");
    const { agent } = each as { agent: string };
    assertShape(asked.has(agent), "deliveries has an agent that is not a recipient");
    assertShape(!delivered.has(agent), "deliveries has an agent twice");
    const { from: keepsFrom } = each;
    assertShape(keepsFrom === undefined || keepsFrom === false, "each from in deliveries must be false, or left out");
    if (!message) continue;
    const { from, ...others } = message;
    const data = Object.hasOwn(each, "data") ? { data: each["data"] as Json } : {};
    delivered.set(agent, { ...others, ...data, ...(from && keepsFrom !== false && { from }) });
  }
  return delivered;
};

const read = <T>(work: () => T): Read<T> => {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof ResponseError) return { fault: error.message };
    throw error;
  }
};

/**
 * Reads a guard function's decision. Unknown fields are ignored; all others must be as docs/GUARDS.md specifies.
 * @param now in epoch milliseconds
 * @param limits the deployment's limits for names of channels: a guard function does not know them
 */
export const readDecision = (response: string, request: GuardRequest, now: number, limits: Names): Read<Decision> =>
  read(() => decisionOf(fieldsOf(response, request), request, now, limits));

/** Reads the deliveries of a response: the message for each recipient, by the agents' ids. */
export const readDeliveries = (response: string, request: GuardRequest): Read<Map<string, Message>> =>
  read(() => deliveriesOf(fieldsOf(response, request), request));
