import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { randomFillSync } from "node:crypto";
import { newId, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../protocol/index.js";
import { GuardsNotLoaded } from "./aws/guards-not-loaded.js";
import { createSystem, type System } from "./aws/system.js";
import { admit, channelsOf, tooManyAgents } from "./core/admission.js";
import type { Agent, Denial } from "./core/agent.js";
import { TEXT } from "./core/answers.js";
import { agentDetail } from "./core/back-end-events.js";
import { handshakeOf, mayConnect, readOffer } from "./core/handshake.js";
import { removeAgent } from "./core/remove.js";
import { addSubscriptions } from "./core/subscriptions.js";

/** `$connect`: the handshake waits for what this returns. */
export type ConnectEvent = APIGatewayProxyWebsocketEventV2 & {
  headers: Record<string, string | undefined>;
  queryStringParameters?: Record<string, string | undefined>;
  requestContext: { identity?: { sourceIp?: string; userAgent?: string } };
};

/** Longest user agent that is kept with an agent, in characters. */
const USER_AGENT_LENGTH = 200;

/** An agent that was never connected has not left either. */
const UNTOLD = { disconnected: () => Promise.resolve() };

const opened = (protocol: string): APIGatewayProxyResultV2 => ({
  statusCode: 200,
  headers: { "Sec-WebSocket-Protocol": protocol },
});

/** Runs the connection guard, then stores the agent and what the guard subscribed it to; or stores why not. */
export const connect = async (
  { settings, store, guards, events, log }: Pick<System, "settings" | "store" | "guards" | "events" | "log">,
  { headers, queryStringParameters, requestContext }: ConnectEvent,
): Promise<APIGatewayProxyResultV2> => {
  const { connectionId, connectedAt, eventType, identity } = requestContext;
  if (eventType !== "CONNECT") return { statusCode: 400 };
  const offer = readOffer(headers, settings.limits);
  if (!offer) {
    log.info("connection_denied", { connection: connectionId, code: "bad_frame" });
    return { statusCode: 400 };
  }

  const deny = async (denial: Denial, statusCode = 403): Promise<APIGatewayProxyResultV2> => {
    log.info("connection_denied", { connection: connectionId, code: denial.code });
    if (settings.denials === "refuse" || !offer.explains) {
      if (denial.unloaded) throw new GuardsNotLoaded();
      return { statusCode };
    }
    await store.putDenial(connectionId, connectedAt, denial);
    return opened(SUBPROTOCOL_DENIED);
  };

  if (!mayConnect(headers, settings.allowedOrigins)) return deny({ code: "bad_origin", reason: TEXT.bad_origin });
  // Told to who asked: a browser shows a page no status, and no attempt would do better.
  if ("tooLarge" in offer) return deny({ code: "credentials_too_large", reason: TEXT.credentials_too_large }, 400);
  const agent: Agent = {
    uuid: newId(randomFillSync),
    connectionId,
    connectedAt,
    sourceIp: identity?.sourceIp ?? "",
    userAgent: (identity?.userAgent ?? "").slice(0, USER_AGENT_LENGTH),
    ...(offer.session === undefined ? {} : { session: offer.session }),
    ...(offer.credentials === undefined ? {} : { credentials: offer.credentials }),
  };
  const verdict = await guards.connection(agent, false, handshakeOf(headers, queryStringParameters));
  if (!verdict.permitted)
    return deny({ code: verdict.code, reason: verdict.reason, ...(guards.unloaded() && { unloaded: true }) });

  const admitted = admit(agent, verdict, settings.keepCredentials);
  const undo = (): Promise<unknown> => removeAgent({ store, guards: UNTOLD }, admitted);
  try {
    await store.putAgent(admitted);
    // Last: whoever publishes from here on finds the agent as a subscriber.
    const [subscribed = "done"] = await addSubscriptions({ store, settings }, admitted, [
      channelsOf(admitted, verdict),
    ]);
    const crowded = await tooManyAgents(store, settings.limits, admitted);
    if (subscribed === "done" && !crowded) {
      await events.put("Agent Connected", agentDetail(admitted));
      return opened(SUBPROTOCOL);
    }
    await undo();
    const code = subscribed === "done" ? "too_many_agents" : subscribed;
    return deny({ code, reason: TEXT[code] });
  } catch (error) {
    // No $disconnect comes for a handshake that failed; what resists here, the sweep removes.
    await undo().catch((again: unknown) => log.warn("undo_failed", { connection: connectionId, error: String(again) }));
    throw error;
  }
};

const system = createSystem();

/** The Lambda behind `$connect`. */
export const handler = (event: ConnectEvent): Promise<APIGatewayProxyResultV2> => connect(system, event);
