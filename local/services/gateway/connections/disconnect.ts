import type { Close } from "./close-codes.js";
import type { GatewayContext } from "../context.js";
import { type ConnectionFacts, disconnectEvent } from "../events.js";
import { gatewayId } from "../ids.js";
import { invokeIntegration } from "../routes/integration.js";
import { PredefinedRoutes } from "../routes/routing.js";

/** Runs `$disconnect` after any close. A failure is only logged. Never rejects. */
export const runDisconnect = async (context: GatewayContext, facts: ConnectionFacts, close: Close): Promise<void> => {
  const route = context.api.model.routes[PredefinedRoutes.disconnect];
  if (!route || context.closing || context.faults.dropDisconnect?.(facts.id)) return;
  if (!context.api.throttles.take(route)) return context.warn(`$disconnect of ${facts.id} was throttled and is lost.`);
  const event = disconnectEvent(facts, { requestId: gatewayId(), now: context.now() }, close);
  const result = await invokeIntegration(context.invoker, route, event, context.limits.integrationMs);
  if (!result.ok) context.warn(`$disconnect failed for connection ${facts.id}: ${result.message}`);
};
