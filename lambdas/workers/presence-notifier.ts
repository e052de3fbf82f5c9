import { MembersTable } from "../aws/dynamodb/members-table.js";
import { OccupancyTable } from "../aws/dynamodb/occupancy-table.js";
import { createFanOutDependencies } from "../aws/publish-dependencies.js";
import { Unavailable } from "../aws/lambda/unavailable.js";
import { notifyAllChannels, notifyChannels } from "../presence/presence-notifier.js";

/** Channels on which this run itself has found somebody gone: it cannot invoke itself. */
const found = new Set<string>();
const system = createFanOutDependencies(async (channels) => channels.forEach((channel) => found.add(channel)));
const { table, clock, log, settings } = system;
const announcing = { ...system, members: new MembersTable(table, clock), occupancy: new OccupancyTable(table, clock) };

/** What one channel may take besides its fan-out, in milliseconds: to read and write its rows, and to remove who is gone. */
const CHANNEL_MS = 10_000;

/** What the function is invoked with; the schedule says nothing. */
interface AnnounceTask {
  channel?: string;
  channels?: readonly string[];
}

/**
 * The Lambda behind no route: tells subscribers who comes to a channel and who goes; of the channels it is invoked with
 * (`channel` is what functions of the version before say), or, by the schedule, of all. Where it fails, Lambda runs it again, and so does the schedule.
 */
export const handler = async (
  { channel, channels = channel === undefined ? undefined : [channel] }: AnnounceTask,
  context: { getRemainingTimeInMillis(): number },
): Promise<void> => {
  const enough = (): boolean =>
    context.getRemainingTimeInMillis() > settings.fanOutMs + settings.timeouts.onDisconnect + CHANNEL_MS;
  try {
    if (channels !== undefined) await notifyChannels(announcing, channels);
    else {
      const left = await notifyAllChannels(announcing, enough);
      if (left > 0) log.warn("not_announced", { channels: left });
    }
    for (const other of found) {
      found.delete(other);
      if (enough()) await notifyChannels(announcing, [other]);
    }
  } catch (error) {
    log.error("announce_failed", { channels, error: String(error) });
    throw new Unavailable();
  }
};
