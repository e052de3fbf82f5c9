import type { Close } from "./connections/close-codes.js";
import { PredefinedRoutes } from "./routes/routing.js";

/** The facts about a connection that all its events contain. */
export interface ConnectionFacts {
  id: string;
  /** Epoch milliseconds. */
  connectedAt: number;
  sourceIp: string;
  /** Absent when the client sent none. */
  userAgent?: string;
  /** The host the client connected to, with its port. */
  domainName: string;
  apiId: string;
  stage: string;
}

/** The facts that differ from event to event. */
export interface EventStamp {
  requestId: string;
  /** Epoch milliseconds. */
  now: number;
}

/** A handshake's request, as Node's HTTP server read it. */
export interface HandshakeRequest {
  url: string;
  /** Names and values in turn, in the client's spelling. */
  rawHeaders: string[];
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (value: number): string => `${value}`.padStart(2, "0");

/** A time as access logs write it. @example requestTime(0) // "01/Jan/1970:00:00:00 +0000" */
export const requestTime = (epochMs: number): string => {
  const at = new Date(epochMs);
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
};

const context = (facts: ConnectionFacts, stamp: EventStamp, routeKey: string, eventType: string) => ({
  routeKey,
  eventType,
  extendedRequestId: stamp.requestId,
  requestTime: requestTime(stamp.now),
  messageDirection: "IN",
  stage: facts.stage,
  connectedAt: facts.connectedAt,
  requestTimeEpoch: stamp.now,
  identity: { ...(facts.userAgent === undefined ? {} : { userAgent: facts.userAgent }), sourceIp: facts.sourceIp },
  requestId: stamp.requestId,
  domainName: facts.domainName,
  connectionId: facts.id,
  apiId: facts.apiId,
});

const lastOf = (multi: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(multi).map(([name, values]) => [name, values.at(-1) ?? ""]));

const groupValues = (pairs: Iterable<[string, string]>): Record<string, string[]> => {
  const multi = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const values = multi.get(name);
    if (values) values.push(value);
    else multi.set(name, [value]);
  }
  return Object.fromEntries(multi);
};

const HOP_BY_HOP = new Set(["connection", "upgrade"]);

function* clientHeaders(raw: string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = "", value = ""] = [raw[i], raw[i + 1]];
    if (!HOP_BY_HOP.has(name.toLowerCase())) yield [name, value];
  }
}

const traceId = (now: number, requestId: string): string => {
  const unique = Buffer.from(requestId, "base64url").toString("hex").padEnd(24, "0").slice(0, 24);
  return `Root=1-${Math.floor(now / 1000).toString(16)}-${unique}`;
};

function* connectHeaders(facts: ConnectionFacts, stamp: EventStamp, request: HandshakeRequest) {
  yield* clientHeaders(request.rawHeaders);
  const port = facts.domainName.split(":").at(-1) ?? "";
  yield ["X-Amzn-Trace-Id", traceId(stamp.now, stamp.requestId)] as [string, string];
  yield ["X-Forwarded-For", facts.sourceIp] as [string, string];
  yield ["X-Forwarded-Port", port] as [string, string];
  yield ["X-Forwarded-Proto", "http"] as [string, string];
}

const query = (url: string): object => {
  const at = url.indexOf("?");
  const multi = groupValues(new URLSearchParams(at < 0 ? "" : url.slice(at + 1)));
  if (Object.keys(multi).length === 0) return {};
  return { queryStringParameters: lastOf(multi), multiValueQueryStringParameters: multi };
};

/** The event of `$connect`. */
export const connectEvent = (facts: ConnectionFacts, stamp: EventStamp, request: HandshakeRequest): object => {
  const multiValueHeaders = groupValues(connectHeaders(facts, stamp, request));
  return {
    headers: lastOf(multiValueHeaders),
    multiValueHeaders,
    ...query(request.url),
    requestContext: context(facts, stamp, PredefinedRoutes.connect, "CONNECT"),
    isBase64Encoded: false,
  };
};

/** The event of a message. */
export const messageEvent = (
  facts: ConnectionFacts,
  stamp: EventStamp,
  message: { routeKey: string; messageId: string; body: string },
): object => ({
  requestContext: { ...context(facts, stamp, message.routeKey, "MESSAGE"), messageId: message.messageId },
  body: message.body,
  isBase64Encoded: false,
});

/** The event of `$disconnect`. */
export const disconnectEvent = (facts: ConnectionFacts, stamp: EventStamp, close: Close): object => {
  const headers = { Host: facts.domainName, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext: {
      ...context(facts, stamp, PredefinedRoutes.disconnect, "DISCONNECT"),
      disconnectStatusCode: close.code,
      disconnectReason: close.reason,
    },
    isBase64Encoded: false,
  };
};
