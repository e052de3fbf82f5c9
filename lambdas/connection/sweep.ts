import type { Clock, Connections, Log, ExpiredConnection, Store } from "../ports.js";
import { closeExpired } from "./close-connection.js";
import { limiter } from "../util/limiter.js";
import { removeAgent, type RemovalDependencies } from "./remove-agent.js";
import { extend } from "../subscriptions/subscriptions.js";

/** The ports that the sweep uses. */
export interface SweepDependencies extends RemovalDependencies {
  store: RemovalDependencies["store"] &
    Pick<
      Store,
      | "expiredConnections"
      | "deleteExpired"
      | "putExpired"
      | "putRegistration"
      | "renewSubscriptions"
      | "connectionRecord"
    >;
  connections: Connections;
  clock: Pick<Clock, "now">;
  log: Pick<Log, "error">;
  /** How long `onDisconnect` may take, in milliseconds. The sweep starts no removal that this run could not finish. */
  onDisconnectMs: number;
}

/** How many connections are removed at once. */
const REMOVALS_IN_FLIGHT = 16;

/**
 * How long one removal may take in addition to `onDisconnect`, in milliseconds: closing the connection, deleting its
 * rows.
 */
const REMOVAL_MS = 6_000;

/** Number of removed connections, and of failed removals. The next run retries the failed ones and does the rest. */
export interface SweepResult {
  removed: number;
  failed: number;
}

/**
 * Closes and removes every connection past its deadline: agents whose `$disconnect` was lost or that were not renewed,
 * and denied sockets that stayed silent. The registration is deleted last, so that no connection is lost before it is
 * removed.
 * @param remainingMs how long this run may still take
 */
export const sweep = async (system: SweepDependencies, remainingMs: () => number): Promise<SweepResult> => {
  const result: SweepResult = { removed: 0, failed: 0 };
  const limited = limiter(REMOVALS_IN_FLIGHT);
  const hasTime = (): boolean => remainingMs() >= REMOVAL_MS + system.onDisconnectMs;
  /**
   * Ends one connection, unless its agent has been renewed. A renewed agent has another registration; if the renewal
   * crashed, its registration and subscriptions are updated here. An `open` connection was not closed by API Gateway.
   */
  const end = async ({ connectionId, renewable }: ExpiredConnection): Promise<"removed" | "renewed" | "open"> => {
    const record = renewable ? await system.store.connectionRecord(connectionId) : undefined;
    if (record && "agent" in record) {
      await system.store.putRegistration(record.agent);
      await extend(system.store, record.agent);
      return "renewed";
    }
    const closed = renewable
      ? await closeExpired(system.connections, connectionId)
      : await system.connections.close(connectionId);
    await removeAgent(system, { connectionId });
    return closed ? "removed" : "open";
  };
  const remove = async (expired: ExpiredConnection): Promise<void> => {
    if (!hasTime()) return;
    try {
      const outcome = await end(expired);
      if (outcome === "removed") result.removed += 1;
      await system.store.deleteExpired(expired);
      if (outcome !== "open") return;
      result.failed += 1;
      // Its rows are deleted, and perhaps this registration too: another one lets the next run close it.
      await system.store.putExpired([expired.connectionId], Math.floor(system.clock.now() / 1000));
    } catch (error) {
      system.log.error("sweep_failed", { connection: expired.connectionId, error: String(error) });
      result.failed += 1;
    }
  };
  const removals: Promise<void>[] = [];
  for await (const expired of system.store.expiredConnections()) {
    if (!hasTime()) break;
    const removal = limited(remove.bind(undefined, expired));
    removals.push(removal);
    if (removals.length % REMOVALS_IN_FLIGHT === 0) await removal;
  }
  await Promise.all(removals);
  return result;
};
