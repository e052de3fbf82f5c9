import type { APIGatewayProxyResultV2 } from "aws-lambda";
import type { Reply } from "../../../protocol/index.js";
import type { FrameEvent } from "../../../lambdas/aws/api-gateway/route.js";
import type { ConnectEvent } from "../../../lambdas/routes/connect.js";
import { NOW } from "./fakes.js";

const context = (routeKey: string, connectionId: string, connectedAt: number) => ({
  routeKey,
  connectionId,
  connectedAt,
  apiId: "abcde12345",
  stage: "prod",
  domainName: "abcde12345.execute-api.eu-west-1.amazonaws.com",
  messageId: "message",
  requestId: "request",
  extendedRequestId: "request",
  requestTime: "01/Jan/2030:00:00:00 +0000",
  requestTimeEpoch: NOW,
  identity: { sourceIp: "198.51.100.1", userAgent: "Browser/1.0" },
});

/** A frame as API Gateway passes it to a route. */
export const frameEvent = (frame: unknown, connectionId = "c1", routeKey = "publish"): FrameEvent => ({
  requestContext: { ...context(routeKey, connectionId, NOW), eventType: "MESSAGE", messageDirection: "IN" },
  body: typeof frame === "string" ? frame : JSON.stringify(frame),
  isBase64Encoded: false,
});

/** The event of `$connect`, with the offered subprotocols. */
export const connectEvent = (offered: string | undefined, connectionId = "c1", connectedAt = NOW): ConnectEvent => ({
  headers: { Host: "example", ...(offered === undefined ? {} : { "Sec-WebSocket-Protocol": offered }) },
  requestContext: { ...context("$connect", connectionId, connectedAt), eventType: "CONNECT", messageDirection: "IN" },
  body: "",
  isBase64Encoded: false,
});

/** The event of `$disconnect`. */
export const disconnectEvent = (connectionId = "c1", connectedAt = NOW): FrameEvent => ({
  requestContext: {
    ...context("$disconnect", connectionId, connectedAt),
    eventType: "DISCONNECT",
    messageDirection: "IN",
  },
  isBase64Encoded: false,
});

/** The replies in a route's response. */
export const answersOf = (result: APIGatewayProxyResultV2): Reply[] => {
  if (typeof result === "string" || result.statusCode !== 200 || !result.body) {
    throw new Error(`no answers in ${JSON.stringify(result)}`);
  }
  return [JSON.parse(result.body) as Reply | Reply[]].flat();
};
