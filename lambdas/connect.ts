import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { randomFillSync } from "node:crypto";
import { newId, PROTOCOL, PROTOCOL_DENIED } from "../protocol/index.js";
import { createSystem, type System } from "./aws/system.js";
import type { Agent, Denial } from "./core/agent.js";
import { readOffer } from "./core/handshake.js";
import { addSubscriptions } from "./core/subscriptions.js";

/** `$connect`: the handshake waits for what this returns. */
export type ConnectEvent = APIGatewayProxyWebsocketEventV2 & {
  headers: Record<string, string | undefined>;
  requestContext: { identity?: { sourceIp?: string; userAgent?: string } };
};

/** Longest user agent that is kept with an agent, in characters. */
const USER_AGENT_LENGTH = 200;

const opened = (protocol: string): APIGatewayProxyResultV2 => ({
  statusCode: 200,
  headers: { "Sec-WebSocket-Protocol": protocol },
});

/** Runs the connection guard, then stores the agent and what the guard subscribed it to; or stores why not. */
export const connect = async (
  { settings, store, guards, log }: Pick<System, "settings" | "store" | "guards" | "log">,
  { headers, requestContext }: ConnectEvent,
): Promise<APIGatewayProxyResultV2> => {
  const { connectionId, connectedAt, eventType, identity } = requestContext;
  if (eventType !== "CONNECT") return { statusCode: 400 };
  const offer = readOffer(headers);
  if (!offer) return { statusCode: 400 };

  const deny = async (denial: Denial): Promise<APIGatewayProxyResultV2> => {
    log.info("connection_denied", { connection: connectionId, code: denial.code });
    if (settings.denials === "refuse" || !offer.explains) return { statusCode: 403 };
    await store.putDenial(connectionId, connectedAt, denial);
    return opened(PROTOCOL_DENIED);
  };

  const { credentials, ...agent }: Agent = {
    uuid: newId(randomFillSync),
    connectionId,
    connectedAt,
    sourceIp: identity?.sourceIp ?? "",
    userAgent: (identity?.userAgent ?? "").slice(0, USER_AGENT_LENGTH),
    ...(offer.credentials === undefined ? {} : { credentials: offer.credentials }),
  };
  const verdict = await guards.connection({ ...agent, ...(credentials === undefined ? {} : { credentials }) });
  if (!verdict.permitted) return deny(verdict);

  await store.putAgent({
    ...agent,
    ...(verdict.info === undefined ? {} : { info: verdict.info }),
    ...(settings.keepCredentials && verdict.credentials !== undefined ? { credentials: verdict.credentials } : {}),
  });
  // Last: whoever publishes from here on finds the agent as a subscriber.
  await addSubscriptions(store, agent, verdict.subscribe);
  return opened(PROTOCOL);
};

const system = createSystem();

/** The Lambda behind `$connect`. */
export const handler = (event: ConnectEvent): Promise<APIGatewayProxyResultV2> => connect(system, event);
