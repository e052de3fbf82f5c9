import { denialDeadlineOf, endOf, type Lifetime } from "./agent.js";
import type { Guards, Store } from "./ports.js";

/** What removing an agent needs. */
export interface Removal {
  store: Pick<Store, "claim" | "holdings" | "deleteSubscriptions" | "deleteRegistration">;
  guards: Pick<Guards, "disconnected">;
}

/**
 * Removes all that is known of a connection and tells `onDisconnect`. Any number of Lambdas may do this at once: the
 * claim is a conditional delete, so one of them tells, and the rows are gone after each of them. The registration goes
 * last, so that the sweep finds what a Lambda that died on the way has left.
 * @param connection `connectedAt` in epoch milliseconds; left out by the sweep, which deletes the registration that it has found
 */
export const removeAgent = async (
  { store, guards }: Removal,
  connection: { connectionId: string; connectedAt?: number },
): Promise<void> => {
  const { connectionId, connectedAt } = connection;
  const standing = await store.claim(connectionId);
  const agent = standing && "agent" in standing ? standing.agent : undefined;
  const told = agent && guards.disconnected(agent);
  try {
    await store.deleteSubscriptions(connectionId, (await store.holdings(connectionId)).channels);
  } finally {
    // Claimed is told, even if the rows resist: what a Lambda leaves unawaited is frozen with it.
    await told;
  }
  const lifetime: Lifetime | undefined = agent ?? (connectedAt === undefined ? undefined : { connectedAt });
  if (!lifetime) return;
  const denied = standing && "denial" in standing;
  await store.deleteRegistration(connectionId, denied ? denialDeadlineOf(lifetime.connectedAt) : endOf(lifetime));
};
