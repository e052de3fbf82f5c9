import { ManagementApi } from "./aws/connections.js";
import { invokeFlush } from "./aws/invoke-flush.js";
import { LingerTable } from "./aws/linger-table.js";
import { createSystem } from "./aws/system.js";
import { requireLoaded } from "./aws/guards-not-loaded.js";
import { revive } from "./core/linger.js";
import { sweep } from "./core/sweep.js";

const system = createSystem();
const connections = new ManagementApi(system.log);
const reviving = {
  ...system,
  lingering: new LingerTable(system.table, system.clock),
  invokeFlush: invokeFlush(system.clock),
};

/** The Lambda that the schedule runs: finds what nobody noticed. */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  const { onDisconnect: onDisconnectMs } = system.settings.timeouts;
  const revived = await revive(reviving);
  if (revived > 0) system.log.warn("flushers_revived", { channels: revived });
  const swept = await sweep({ ...system, connections, onDisconnectMs }, () => context.getRemainingTimeInMillis());
  system.log.info("swept", { ...swept });
  requireLoaded(system.guards);
};
