import { ManagementApi } from "../aws/api-gateway/management-api.js";
import { createDependencies, invokeNotifier } from "../aws/create-dependencies.js";
import { LivenessTable } from "../aws/dynamodb/liveness-table.js";
import { MembersWriter } from "../aws/dynamodb/members-writer.js";
import { OccupancyWriter } from "../aws/dynamodb/occupancy-writer.js";
import { requireLoaded } from "../aws/lambda/guards-not-loaded.js";
import { checkPresence } from "../presence/presence-checker.js";
import { PresenceRecorder } from "../presence/presence-recorder.js";

const system = createDependencies();
const { table, clock, log, settings } = system;
const liveness = new LivenessTable(table, clock);
const dependencies = {
  ...system,
  liveness,
  connections: new ManagementApi(log),
  recorder: new PresenceRecorder({
    ...system,
    members: new MembersWriter(table),
    liveness,
    occupancy: new OccupancyWriter(table, clock),
    announce: invokeNotifier(),
  }),
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
