import { LatestTable } from "./aws/latest-table.js";
import { LingerTable } from "./aws/linger-table.js";
import { createFanOut } from "./aws/publishing.js";
import { Unavailable } from "./aws/unavailable.js";
import { flush } from "./core/flush.js";
import type { FlushTask } from "./core/linger.js";

const system = createFanOut();
const { table, clock, log } = system;
const flushing = { ...system, lingering: new LingerTable(table, clock), latest: new LatestTable(table, clock) };

/** The Lambda behind no route: delivers what gathers on a channel. Where it fails, Lambda runs it again. */
export const handler = async (task: FlushTask, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  try {
    await flush(flushing, task, () => context.getRemainingTimeInMillis());
  } catch (error) {
    log.error("flush_failed", { channel: task.channel, error: String(error) });
    throw new Unavailable();
  }
};
