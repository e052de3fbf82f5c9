import type { APIGatewayProxyResultV2, APIGatewayProxyWebsocketEventV2 } from "aws-lambda";
import { randomFillSync } from "node:crypto";
import { newId, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../protocol/index.js";
import { GuardsNotLoaded } from "../aws/lambda/guards-not-loaded.js";
import { createDependencies, type Dependencies } from "../aws/create-dependencies.js";
import { admit, channelsOf, tooManyAgents } from "../connection/admission.js";
import type { Agent, Denial } from "../connection/agent.js";
import { DEFAULT_MESSAGES } from "../../protocol/code-messages.js";
import { agentDetail } from "../server-api/server-events.js";
import { handshakeOf, isOriginAllowed, parseHandshake } from "../connection/handshake.js";
import { removeAgent } from "../connection/remove-agent.js";
import { addSubscriptions } from "../subscriptions/subscriptions.js";

/** `$connect`: the handshake waits for what this returns. */
export type ConnectEvent = APIGatewayProxyWebsocketEventV2 & {
  headers: Record<string, string | undefined>;
  queryStringParameters?: Record<string, string | undefined>;
  requestContext: { identity?: { sourceIp?: string; userAgent?: string } };
};

/** Longest user agent that is kept with an agent, in characters. */
const USER_AGENT_LENGTH = 200;

/** An agent that was never connected has not left either. */
const NO_DISCONNECT_GUARD = { disconnected: () => Promise.resolve() };

const opened = (protocol: string): APIGatewayProxyResultV2 => ({
  statusCode: 200,
  headers: { "Sec-WebSocket-Protocol": protocol },
});

/** Runs the connection guard, then stores the agent and what the guard subscribed it to; or stores why not. */
export const connect = async (
  { settings, store, guards, events, log }: Pick<Dependencies, "settings" | "store" | "guards" | "events" | "log">,
  { headers, queryStringParameters, requestContext }: ConnectEvent,
): Promise<APIGatewayProxyResultV2> => {
  const { connectionId, connectedAt, eventType, identity } = requestContext;
  if (eventType !== "CONNECT") return { statusCode: 400 };
  const offer = parseHandshake(headers, settings.limits);
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

  if (!isOriginAllowed(headers, settings.allowedOrigins))
    return deny({ code: "bad_origin", reason: DEFAULT_MESSAGES.bad_origin });
  // Explained if the client asked for it: a browser hides the HTTP status from a page, and no retry would help.
  if ("tooLarge" in offer)
    return deny({ code: "credentials_too_large", reason: DEFAULT_MESSAGES.credentials_too_large }, 400);
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
  const undo = (): Promise<unknown> => removeAgent({ store, guards: NO_DISCONNECT_GUARD }, admitted);
  try {
    await store.putAgent(admitted);
    // Last: each publication from here on finds the agent as a subscriber.
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
    return deny({ code, reason: DEFAULT_MESSAGES[code] });
  } catch (error) {
    // No $disconnect comes for a handshake that failed; what resists here, the sweep removes.
    await undo().catch((again: unknown) => log.warn("undo_failed", { connection: connectionId, error: String(again) }));
    throw error;
  }
};

const system = createDependencies();

/** The Lambda behind `$connect`. */
export const handler = (event: ConnectEvent): Promise<APIGatewayProxyResultV2> => connect(system, event);
