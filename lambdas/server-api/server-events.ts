import type { Json } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import type { GuardPort } from "../ports.js";

/** Server events; the detail types of events on the bus. */
export type ServerEvent = "Agent Connected" | "Agent Disconnected" | "Channel Occupied" | "Channel Vacated";

/** Sends events to the application's servers. */
export interface ServerEvents {
  /** Sends an event, if the deployment has a bus. Never rejects: failures are logged. */
  put(type: ServerEvent, detail: Record<string, Json>): Promise<void>;
}

/** For a deployment without server events. */
export const NO_EVENTS: ServerEvents = { put: () => Promise.resolve() };

/** The detail of an agent's events. */
export const agentDetail = ({ uuid, connectionId, connectedAt, userId, info }: Agent): Record<string, Json> => ({
  agent: uuid,
  connectionId,
  connectedAt,
  ...(userId === undefined ? {} : { userId }),
  ...(info === undefined ? {} : { info }),
});

/** Guards that also send a server event when an agent leaves: whenever `onDisconnect` runs, so once. */
export const withDisconnectEvents = (guards: GuardPort, events: ServerEvents): GuardPort => ({
  connection: (agent, isConnected, handshake) => guards.connection(agent, isConnected, handshake),
  subscription: (agent, channel, token) => guards.subscription(agent, channel, token),
  unsubscription: (agent, channel) => guards.unsubscription(agent, channel),
  publication: (agent, message) => guards.publication(agent, message),
  presence: (agent, message) => guards.presence(agent, message),
  guardsDelivery: (channel) => guards.guardsDelivery(channel),
  delivery: (agent, message, withinMs, begun) => guards.delivery(agent, message, withinMs, begun),
  disconnected: async (agent) => {
    await Promise.all([guards.disconnected(agent), events.put("Agent Disconnected", agentDetail(agent))]);
  },
  unloaded: () => guards.unloaded(),
});
