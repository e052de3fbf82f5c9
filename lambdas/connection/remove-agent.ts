import { denialDeadlineOf, endOf, type Lifetime } from "./agent.js";
import type { GuardPort, Store } from "../ports.js";

/** The ports that removing an agent uses. */
export interface RemovalDependencies {
  store: Pick<
    Store,
    "takeConnection" | "connectionSubscriptions" | "deleteSubscriptions" | "endPresence" | "deleteRegistration"
  >;
  guards: Pick<GuardPort, "disconnected">;
}

/**
 * Removes all rows of a connection and calls `onDisconnect`. Any number of functions may do this at once. Taking the
 * connection is a conditional delete, so that only one of them calls the guard. All of them delete the rows. The
 * registration is deleted last, so that the sweep finds the rows that a crashed function has left.
 * @param connection `connectedAt` in epoch milliseconds; the sweep leaves it out, and deletes the registration itself
 * @returns whether there were any rows
 */
export const removeAgent = async (
  { store, guards }: RemovalDependencies,
  connection: { connectionId: string; connectedAt?: number },
): Promise<boolean> => {
  const { connectionId, connectedAt } = connection;
  const record = await store.takeConnection(connectionId);
  const agent = record && "agent" in record ? record.agent : undefined;
  const notified = agent && guards.disconnected(agent);
  let found = record !== undefined;
  try {
    const { channels } = await store.connectionSubscriptions(connectionId);
    found ||= channels.length > 0;
    await store.deleteSubscriptions(connectionId, channels, "own last");
    await store.endPresence(connectionId);
  } finally {
    // Wait for the guard even if deleting failed: Lambda freezes unawaited work together with the environment.
    await notified;
  }
  const lifetime: Lifetime | undefined = agent ?? (connectedAt === undefined ? undefined : { connectedAt });
  if (!lifetime) return found;
  const denied = record && "denial" in record;
  await store.deleteRegistration(connectionId, denied ? denialDeadlineOf(lifetime.connectedAt) : endOf(lifetime));
  return found;
};
