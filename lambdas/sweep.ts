import { ManagementApi } from "./aws/connections.js";
import { createSystem } from "./aws/system.js";
import { sweep } from "./core/sweep.js";

const system = createSystem();
const connections = new ManagementApi(system.log);

/** The Lambda that the schedule runs: finds what nobody noticed. */
export const handler = async (_event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<void> => {
  const { onDisconnect: onDisconnectMs } = system.settings.timeouts;
  const swept = await sweep({ ...system, connections, onDisconnectMs }, () => context.getRemainingTimeInMillis());
  system.log.info("swept", { ...swept });
};
