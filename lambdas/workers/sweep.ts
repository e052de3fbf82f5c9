import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { invokeFlush } from "../aws/lambda/invoke-flush.js";
import { LingerTable } from "../aws/dynamodb/linger-table.js";
import { createDependencies } from "../aws/create-dependencies.js";
import { requireLoaded } from "../aws/lambda/guards-not-loaded.js";
import { restartFlushers } from "../linger/linger.js";
import { sweep } from "../connection/sweep.js";

const system = createDependencies();
const connections = new ManagementApi(system.log);
const restarting = {
  ...system,
  lingering: new LingerTable(system.table, system.clock),
  invokeFlush: invokeFlush(system.clock),
};

/** The Lambda that the schedule runs: finds connections and flushers that ended without a notice. */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  const { onDisconnect: onDisconnectMs } = system.settings.timeouts;
  const restarted = await restartFlushers(restarting);
  if (restarted > 0) system.log.warn("flushers_revived", { channels: restarted });
  const swept = await sweep({ ...system, connections, onDisconnectMs }, () => context.getRemainingTimeInMillis());
  system.log.info("swept", { ...swept });
  requireLoaded(system.guards);
};
