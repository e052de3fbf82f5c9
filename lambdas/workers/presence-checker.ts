import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { createDependencies, createPresenceRecorder } from "../aws/create-dependencies.js";
import { LivenessTable } from "../aws/dynamodb/liveness-table.js";
import { requireLoaded } from "../aws/lambda/guards-not-loaded.js";
import { checkPresence } from "../presence/presence-checker.js";

const system = createDependencies();
const { table, clock, log, settings } = system;
const dependencies = {
  ...system,
  liveness: new LivenessTable(table, clock),
  connections: new ManagementApi(log),
  recorder: createPresenceRecorder(table),
};

/** The time for ending connections after the last check, in milliseconds, apart from `onDisconnect`. */
const ENDING_MS = 10_000;

/**
 * The Lambda that the schedule runs every minute if a channel has presence. It finds members whose connections have
 * closed without a notice, or whose networks have vanished.
 */
export const handler = async (
  { time }: { time?: string },
  context: { getRemainingTimeInMillis(): number },
): Promise<void> => {
  const hasTime = (): boolean => context.getRemainingTimeInMillis() > ENDING_MS + settings.timeouts.onDisconnect;
  const at = time === undefined ? clock.now() : Date.parse(time);
  const result = await checkPresence(dependencies, at, hasTime);
  if (result.left > 0) log.warn("presence_unchecked", { ...result });
  else if (result.closed + result.silent > 0) log.info("presence_checked", { ...result });
  requireLoaded(system.guards);
};
