import { denialDeadlineOf, endOf, type Lifetime } from "./agent.js";
import type { GuardPort, Store } from "../ports.js";

/** What removing an agent needs. */
export interface RemovalDependencies {
  store: Pick<Store, "takeConnection" | "connectionSubscriptions" | "deleteSubscriptions" | "deleteRegistration">;
  guards: Pick<GuardPort, "disconnected">;
}

/**
 * Removes all that is known of a connection and tells `onDisconnect`. Any number of Lambdas may do this at once: the
 * claim is a conditional delete, so one of them tells, and the rows are gone after each of them. The registration goes
 * last, so that the sweep finds what a Lambda that died on the way has left.
 * @param connection `connectedAt` in epoch milliseconds; left out by the sweep, which deletes the registration that it has found
 * @returns whether anything was known of it
 */
export const removeAgent = async (
  { store, guards }: RemovalDependencies,
  connection: { connectionId: string; connectedAt?: number },
): Promise<boolean> => {
  const { connectionId, connectedAt } = connection;
  const standing = await store.takeConnection(connectionId);
  const agent = standing && "agent" in standing ? standing.agent : undefined;
  const told = agent && guards.disconnected(agent);
  let known = standing !== undefined;
  try {
    const { channels } = await store.connectionSubscriptions(connectionId);
    known ||= channels.length > 0;
    await store.deleteSubscriptions(connectionId, channels, "own last");
  } finally {
    // Claimed is told, even if the rows resist: what a Lambda leaves unawaited is frozen with it.
    await told;
  }
  const lifetime: Lifetime | undefined = agent ?? (connectedAt === undefined ? undefined : { connectedAt });
  if (!lifetime) return known;
  const denied = standing && "denial" in standing;
  await store.deleteRegistration(connectionId, denied ? denialDeadlineOf(lifetime.connectedAt) : endOf(lifetime));
  return known;
};
