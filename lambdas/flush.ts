import { ManagementApi } from "./aws/connections.js";
import { LatestTable } from "./aws/latest-table.js";
import { LingerTable } from "./aws/linger-table.js";
import { createSystem } from "./aws/system.js";
import { Unavailable } from "./aws/unavailable.js";
import { flush } from "./core/flush.js";
import type { FlushTask } from "./core/linger.js";

const system = createSystem();
const { table, clock, log } = system;
const { wildcards, fanOutMs: budgetMs } = system.settings;
const tables = { lingering: new LingerTable(table, clock), latest: new LatestTable(table, clock) };
const flushing = { ...system, ...tables, wildcards, budgetMs, connections: new ManagementApi(log) };

/** The Lambda behind no route: delivers what gathers on a channel. Where it fails, Lambda runs it again. */
export const handler = async (task: FlushTask, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  try {
    await flush(flushing, task, () => context.getRemainingTimeInMillis());
  } catch (error) {
    log.error("flush_failed", { channel: task.channel, error: String(error) });
    throw new Unavailable();
  }
};
