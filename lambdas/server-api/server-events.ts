import type { Json } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import type { GuardPort } from "../ports.js";

/** What the back end can be told; the detail types of events on its bus. */
export type ServerEvent = "Agent Connected" | "Agent Disconnected" | "Channel Occupied" | "Channel Vacated";

/** Where the back end is told. */
export interface ServerEvents {
  /** Tells it, if the deployment wants that. Never rejects: what cannot be told is logged. */
  put(type: ServerEvent, detail: Record<string, Json>): Promise<void>;
}

/** Of a deployment whose back end wants to know nothing. */
export const NO_EVENTS: ServerEvents = { put: () => Promise.resolve() };

/** What the back end is told of an agent. */
export const agentDetail = ({ uuid, connectionId, connectedAt, userId, info }: Agent): Record<string, Json> => ({
  agent: uuid,
  connectionId,
  connectedAt,
  ...(userId === undefined ? {} : { userId }),
  ...(info === undefined ? {} : { info }),
});

/** Guards beside which the back end is told that an agent has left: whenever its guard is, so once. */
export const withDisconnectEvents = (guards: GuardPort, events: ServerEvents): GuardPort => ({
  connection: (agent, isConnected, handshake) => guards.connection(agent, isConnected, handshake),
  subscription: (agent, channel) => guards.subscription(agent, channel),
  unsubscription: (agent, channel) => guards.unsubscription(agent, channel),
  publication: (agent, message) => guards.publication(agent, message),
  guardsDelivery: (channel) => guards.guardsDelivery(channel),
  delivery: (agent, message, withinMs, begun) => guards.delivery(agent, message, withinMs, begun),
  disconnected: async (agent) => {
    await Promise.all([guards.disconnected(agent), events.put("Agent Disconnected", agentDetail(agent))]);
  },
  unloaded: () => guards.unloaded(),
});
