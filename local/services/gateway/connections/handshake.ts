import type { IncomingMessage } from "node:http";
import type { GatewayContext } from "../context.js";
import { ErrorMessages } from "../errors.js";
import type { ConnectionFacts } from "../events.js";
import { connectEvent } from "../events.js";
import { gatewayId } from "../ids.js";
import { invokeIntegration, type IntegrationResult } from "../routes/integration.js";
import { proxyResponse } from "../routes/proxy-response.js";
import { PredefinedRoutes } from "../routes/routing.js";

/** What `$connect` decided: the socket opens, with the subprotocol it selected, or is refused with a status. */
export type HandshakeVerdict =
  | { open: true; facts: ConnectionFacts; protocol?: string }
  | { open: false; status: number; message: string; facts?: ConnectionFacts };

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const OVERHEAD_BYTES = "GET  HTTP/1.1\r\n".length;

/** Bytes of a request's line and headers, as they came over the wire. */
const headBytes = (url: string, rawHeaders: string[]): number =>
  rawHeaders.reduce(
    (sum, part) => sum + Buffer.byteLength(part, "latin1") + 2,
    OVERHEAD_BYTES + Buffer.byteLength(url),
  );

const malformedProtocols = (header: string | undefined): boolean => {
  if (header === undefined) return false;
  const names = header.split(",").map((name) => name.trim());
  return new Set(names).size < names.length || !names.every((name) => TOKEN.test(name));
};

/** Why a request is no WebSocket handshake for this API, as an HTTP status; `undefined` when it is one. */
export const handshakeError = (context: GatewayContext, request: IncomingMessage): number | undefined => {
  const { url = "/", headers, rawHeaders, method } = request;
  if (url.split("?", 1)[0] !== `/${context.api.model.stage}`) return 403;
  if (url.length > context.limits.urlCharacters) return 414;
  if (headBytes(url, rawHeaders) > context.limits.headerBytes) return 431;
  if (method !== "GET" || headers.upgrade?.toLowerCase() !== "websocket") return 400;
  if (!KEY.test(headers["sec-websocket-key"] ?? "") || headers["sec-websocket-version"] !== "13") return 400;
  return malformedProtocols(headers["sec-websocket-protocol"]) ? 400 : undefined;
};

const throttled = (context: GatewayContext): boolean => {
  const route = context.api.model.routes[PredefinedRoutes.connect];
  if (context.account?.take() === false || context.connects?.take() === false) return true;
  return route !== undefined && !context.api.throttles.take(route);
};

const factsOf = (context: GatewayContext, request: IncomingMessage): ConnectionFacts => {
  const userAgent = request.headers["user-agent"];
  return {
    id: gatewayId(),
    connectedAt: context.now(),
    sourceIp: request.socket.remoteAddress ?? "",
    ...(userAgent === undefined ? {} : { userAgent }),
    domainName: request.headers.host ?? "",
    apiId: context.api.model.apiId,
    stage: context.api.model.stage,
  };
};

const failure = (result: IntegrationResult & { ok: false }): number => {
  if (result.kind === "integrationTimeout") return 504;
  return result.kind === "throttled" ? 500 : 502;
};

const verdict = (context: GatewayContext, facts: ConnectionFacts, result: IntegrationResult): HandshakeVerdict => {
  if (!result.ok) {
    context.warn(`$connect failed: ${result.message}`);
    return { open: false, status: failure(result), message: ErrorMessages.failed, facts };
  }
  const response = proxyResponse(result.payload);
  if (!response) {
    context.warn("$connect failed: its function returned no proxy response.");
    return { open: false, status: 502, message: ErrorMessages.failed, facts };
  }
  const status = response.statusCode;
  if (status < 200 || status > 299) {
    return { open: false, status, message: status < 500 ? ErrorMessages.forbidden : ErrorMessages.failed, facts };
  }
  const protocol = response.header("Sec-WebSocket-Protocol");
  return { open: true, facts, ...(protocol === undefined ? {} : { protocol }) };
};

/** Runs `$connect` for a well-formed handshake, and says what is to become of it. Never rejects. */
export const handshake = async (context: GatewayContext, request: IncomingMessage): Promise<HandshakeVerdict> => {
  if (throttled(context)) return { open: false, status: 429, message: ErrorMessages.throttled };
  const facts = factsOf(context, request);
  const route = context.api.model.routes[PredefinedRoutes.connect];
  if (!route) return { open: true, facts };
  const { url = "/", rawHeaders } = request;
  const event = connectEvent(facts, { requestId: gatewayId(), now: context.now() }, { url, rawHeaders });
  return verdict(context, facts, await invokeIntegration(context.invoker, route, event, context.limits.integrationMs));
};
