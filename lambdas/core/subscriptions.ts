import type { Agent } from "./agent.js";
import type { Store } from "./ports.js";

/**
 * Subscribes an agent, unless it has left meanwhile: then nothing stays behind.
 * @returns whether the agent is still there
 */
export const addSubscriptions = async (
  store: Pick<Store, "putSubscriptions" | "deleteSubscriptions" | "standing">,
  agent: Agent,
  channels: string[],
): Promise<boolean> => {
  if (channels.length === 0) return true;
  await store.putSubscriptions(agent, channels);
  // Read after writing: a removal that came before these rows has not seen them, but has deleted the agent first.
  if (await store.standing(agent.connectionId)) return true;
  await store.deleteSubscriptions(agent.connectionId, channels);
  return false;
};
