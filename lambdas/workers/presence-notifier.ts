import { LivenessTable } from "../aws/dynamodb/liveness-table.js";
import { MembersTable } from "../aws/dynamodb/members-table.js";
import { OccupancyTable } from "../aws/dynamodb/occupancy-table.js";
import { createFanOutDependencies } from "../aws/publish-dependencies.js";
import { Unavailable } from "../aws/lambda/unavailable.js";
import { notifyAllChannels, notifyChannels } from "../presence/presence-notifier.js";

/** Channels on which this run has removed an agent. It notifies them itself, because it cannot invoke itself. */
const changed = new Set<string>();
const system = createFanOutDependencies(async (channels) => channels.forEach((channel) => changed.add(channel)));
const { table, clock, log, settings } = system;
const dependencies = {
  ...system,
  members: new MembersTable(table, clock),
  liveness: new LivenessTable(table, clock),
  occupancy: new OccupancyTable(table, clock),
  wakeUps: system.segments,
};

/** The time for one channel apart from its fan-out, in milliseconds: for its rows, and for removing agents that are gone. */
const CHANNEL_MS = 10_000;

/** The event of an invocation; it is empty if the schedule invokes the function. */
interface AnnounceTask {
  channel?: string;
  channels?: readonly string[];
}

/**
 * The Lambda behind no route: notifies subscribers of members that join and leave. It serves the channels of its event,
 * or all channels if the schedule invokes it. Functions of version 0.2.0 send `channel` instead of `channels`. If it fails,
 * the schedule runs it again.
 */
export const handler = async (
  { channel, channels = channel === undefined ? undefined : [channel] }: AnnounceTask,
  context: { getRemainingTimeInMillis(): number },
): Promise<void> => {
  const enough = (): boolean =>
    context.getRemainingTimeInMillis() > settings.fanOutMs + settings.timeouts.onDisconnect + CHANNEL_MS;
  try {
    if (channels !== undefined) await notifyChannels(dependencies, channels);
    else {
      const left = await notifyAllChannels(dependencies, enough);
      if (left > 0) log.warn("not_announced", { channels: left });
    }
    for (const other of changed) {
      changed.delete(other);
      if (enough()) await notifyChannels(dependencies, [other]);
    }
  } catch (error) {
    log.error("announce_failed", { channels, error: String(error) });
    throw new Unavailable();
  }
};
