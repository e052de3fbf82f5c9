import type { RouteModel } from "../../../assembly/model/api.js";
import type { Connection } from "../connections/connection.js";
import type { GatewayContext } from "../context.js";
import { errorFrame, ErrorMessages } from "../errors.js";
import { messageEvent } from "../events.js";
import { gatewayId } from "../ids.js";
import { invokeIntegration, type IntegrationResult } from "./integration.js";
import { sendMetered } from "../metering.js";
import { proxyResponse } from "./proxy-response.js";

/** The reply to the client: a frame, no frame, or a failure with its reason. */
type Answer = { frame?: string } | { failed: string };

const answerOf = (route: RouteModel, result: IntegrationResult): Answer => {
  if (!result.ok) return { failed: result.message };
  const response = proxyResponse(result.payload);
  if (!response) return { failed: "It returned no proxy response, such as { statusCode: 200 }." };
  return route.answers ? { frame: response.body ?? "" } : {};
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const throttled = ({ account, api, registry, limits }: GatewayContext, route: RouteModel): boolean =>
  registry.messages >= limits.pendingMessages || account?.take() === false || !api.throttles.take(route);

const run = async (
  context: GatewayContext,
  connection: Connection,
  route: RouteModel,
  message: { body: string; requestId: string },
): Promise<IntegrationResult> => {
  const { routeKey } = route;
  const late = context.faults.delayFrame?.(connection.facts.id, routeKey);
  if (late) await pause(late);
  const stamp = { requestId: message.requestId, now: context.now() };
  const event = messageEvent(connection.facts, stamp, { routeKey, messageId: gatewayId(), body: message.body });
  return invokeIntegration(context.invoker, route, event, context.limits.integrationMs);
};

/**
 * Handles one message of a client: finds its route, runs the function, and sends the route's response. Messages of one
 * connection run concurrently, so their responses may arrive in any order. Never rejects.
 */
export const handleMessage = async (context: GatewayContext, connection: Connection, body: string): Promise<void> => {
  const { id } = connection.facts;
  const requestId = gatewayId();
  const refuse = (message: string): void => void sendMetered(context, connection, errorFrame(message, id, requestId));
  const route = context.api.route(body);
  // Neither a throttled message nor its error frame is billed.
  if (route && throttled(context, route))
    return void connection.send(errorFrame(ErrorMessages.throttled, id, requestId));
  context.meter?.received(Buffer.byteLength(body));
  if (!route) return refuse(ErrorMessages.forbidden);

  context.registry.messages += 1;
  const result = await run(context, connection, route, { body, requestId });
  context.registry.messages -= 1;

  const answer = answerOf(route, result);
  if ("failed" in answer) {
    context.warn(`${route.routeKey} failed for connection ${id}: ${answer.failed}`);
    refuse(ErrorMessages.failed);
  } else if (answer.frame !== undefined && sendMetered(context, connection, answer.frame) === "full") {
    context.warn(`The answer of ${route.routeKey} is lost: connection ${id} does not read.`);
  }
};
