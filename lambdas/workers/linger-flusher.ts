import { LatestTable } from "../aws/dynamodb/latest-table.js";
import { LingerTable } from "../aws/dynamodb/linger-table.js";
import { createFanOutDependencies } from "../aws/publish-dependencies.js";
import { Unavailable } from "../aws/lambda/unavailable.js";
import { flush } from "../linger/linger-flusher.js";
import type { FlushTask } from "../linger/linger.js";

const system = createFanOutDependencies();
const { table, clock, log } = system;
const flushing = { ...system, lingering: new LingerTable(table, clock), latest: new LatestTable(table, clock) };

/** The Lambda behind no route: delivers the messages that gather on a channel. If it fails, Lambda runs it again. */
export const handler = async (task: FlushTask, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  try {
    await flush(flushing, task, () => context.getRemainingTimeInMillis());
  } catch (error) {
    log.error("flush_failed", { channel: task.channel, error: String(error) });
    throw new Unavailable();
  }
};
