import type { Clock, Connections, Log, Overdue, Store } from "./ports.js";
import { expire } from "./farewell.js";
import { limiter } from "./limiter.js";
import { removeAgent, type Removal } from "./remove.js";
import { prolong } from "./subscriptions.js";

/** What sweeping needs. */
export interface Sweeping extends Removal {
  store: Removal["store"] &
    Pick<Store, "overdue" | "deleteOverdue" | "putOverdue" | "putRegistration" | "renewSubscriptions" | "standing">;
  connections: Connections;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
  /** How long `onDisconnect` may take, in milliseconds: no removal is begun that this run could not end. */
  onDisconnectMs: number;
}

/** How many connections are removed at once. */
const REMOVALS_IN_FLIGHT = 16;

/** What one removal may take besides `onDisconnect`, in milliseconds: closing the connection and deleting its rows. */
const REMOVAL_MS = 6_000;

/** How many connections were removed, and how many could not be; those, and what time did not allow, are next time's. */
export interface Swept {
  removed: number;
  failed: number;
}

/**
 * Closes and removes every connection past its deadline: agents whose `$disconnect` was lost or that were not renewed,
 * and denied sockets that stayed silent. The registration goes last, so that nothing is forgotten before it is gone.
 * @param remainingMs how long this run may still take
 */
export const sweep = async (system: Sweeping, remainingMs: () => number): Promise<Swept> => {
  const swept: Swept = { removed: 0, failed: 0 };
  const limited = limiter(REMOVALS_IN_FLIGHT);
  const enough = (): boolean => remainingMs() >= REMOVAL_MS + system.onDisconnectMs;
  /**
   * What became of it. One that has been renewed has another registration, and subscriptions that end when it does: now,
   * if who renewed it died before. One that API Gateway did not close has to be looked at again.
   */
  const end = async ({ connectionId, renewable }: Overdue): Promise<"removed" | "renewed" | "open"> => {
    const standing = renewable ? await system.store.standing(connectionId) : undefined;
    if (standing && "agent" in standing) {
      await system.store.putRegistration(standing.agent);
      await prolong(system.store, standing.agent);
      return "renewed";
    }
    const closed = renewable
      ? await expire(system.connections, connectionId)
      : await system.connections.close(connectionId);
    await removeAgent(system, { connectionId });
    return closed ? "removed" : "open";
  };
  const remove = async (overdue: Overdue): Promise<void> => {
    if (!enough()) return;
    try {
      const became = await end(overdue);
      if (became === "removed") swept.removed += 1;
      await system.store.deleteOverdue(overdue);
      if (became !== "open") return;
      swept.failed += 1;
      // Its rows are gone, and with them perhaps this registration: another one makes the next run close it.
      await system.store.putOverdue([overdue.connectionId], Math.floor(system.clock.now() / 1000));
    } catch (error) {
      system.log.error("sweep_failed", { connection: overdue.connectionId, error: String(error) });
      swept.failed += 1;
    }
  };
  const removals: Promise<void>[] = [];
  for await (const overdue of system.store.overdue()) {
    if (!enough()) break;
    const removal = limited(remove.bind(undefined, overdue));
    removals.push(removal);
    if (removals.length % REMOVALS_IN_FLIGHT === 0) await removal;
  }
  await Promise.all(removals);
  return swept;
};
