import { channelSettings } from "../../protocol/channel-settings.js";
import { fanOut } from "../delivery/fan-out.js";
import type { Dependencies } from "../dependencies.js";
import { limiter } from "../util/limiter.js";
import { waitForAll } from "../util/wait-for-all.js";
import { type LivenessTest, readLiveConnections } from "./live-connections.js";
import { groupEntries, groupState } from "./member-groups.js";
import { memberOfPlace, type PresenceEntry } from "./members.js";
import { planNotification, publicationOf, recordNotification } from "./member-notification.js";
import { type OccupiedChannel, VACANT_MS } from "./occupancy.js";

/** Maximum number of members in a presence reply. On a channel with more, a run records their number. */
export const MAX_MEMBERS_PER_REPLY = 25;

/** The ports that notifying of joins and leaves uses. */
export type PresenceNotifierDependencies = Pick<
  Dependencies,
  | "members"
  | "liveness"
  | "occupancy"
  | "wakeUps"
  | "events"
  | "store"
  | "guards"
  | "connections"
  | "segments"
  | "settings"
  | "clock"
  | "log"
>;

/** How long a run waits for further joins and leaves, in milliseconds, to notify of all of them together. */
export const DEBOUNCE_MS = 200;

/** The maximum wait on channels with many members. A publication that lingers waits no longer. */
export const MAX_DEBOUNCE_MS = 5_000;

/**
 * How long a run waits on a channel with this many members. Subscribers receive up to about a thousand notifications a
 * second in total. A channel with 1,000 members is notified once a second, a channel with 5,000 or more every 5
 * seconds.
 */
export const debounceMs = (members: number): number => Math.min(MAX_DEBOUNCE_MS, Math.max(DEBOUNCE_MS, members));

/** How many rows are written at once. */
const WRITES_IN_FLIGHT = 16;

/** How many channels are processed at once. */
const CHANNELS_IN_FLIGHT = 8;

/**
 * Notifies the subscribers of some channels of joins and leaves.
 * @throws the error of the first failed channel; all others have been notified
 */
export const notifyChannels = async (
  system: PresenceNotifierDependencies,
  channels: readonly string[],
): Promise<void> => {
  const limited = limiter(CHANNELS_IN_FLIGHT);
  await waitForAll(channels.map((channel) => notifyChannel(system, channel, limited)));
};

/** Notifies one channel's subscribers of joins and leaves. The wait before it does not take a slot of `limited`. */
export const notifyChannel = async (
  system: PresenceNotifierDependencies,
  channel: string,
  limited = limiter(1),
): Promise<void> => {
  const before = await system.occupancy.read(channel);
  await system.clock.sleep(debounceMs(before?.count ?? 0));
  await limited(async () => {
    // Changes from here on start another run; all earlier changes are read below.
    const found = await system.occupancy.startRun(channel);
    await reconcile(
      system,
      found ?? {
        channel,
        occupied: false,
        since: system.clock.now(),
        runExpectedUntil: 0,
        wakeUpAt: 0,
        isStale: false,
      },
    );
  });
};

/**
 * Processes all channels with members: sends missing notifications, and ends entries that were left behind.
 * @param hasTime whether there is time for one more channel
 * @returns number of failed or skipped channels; the next run starts at another shard
 */
export const notifyAllChannels = async (
  system: PresenceNotifierDependencies,
  hasTime: () => boolean,
): Promise<number> => {
  const { occupancy, clock, log } = system;
  const isAlive = await readLiveConnections(system);
  const limited = limiter(CHANNELS_IN_FLIGHT);
  const work: Promise<void>[] = [];
  let failed = 0;
  for await (const found of occupancy.all(clock.random())) {
    const one = limited(async () => {
      if (!hasTime()) failed += 1;
      else
        await reconcile(system, found, isAlive).catch((error: unknown) => {
          failed += 1;
          log.error("announce_failed", { channel: found.channel, error: String(error) });
        });
    });
    work.push(one);
    if (work.length % CHANNELS_IN_FLIGHT === 0) await one;
  }
  await Promise.all(work);
  return failed;
};

/**
 * Notifies the subscribers of joins and leaves, and sends the server events for occupied and vacated channels.
 * @param isAlive whether the connection of an entry has a liveness row; left out: not known
 */
const reconcile = async (
  system: PresenceNotifierDependencies,
  found: OccupiedChannel,
  isAlive?: LivenessTest,
): Promise<void> => {
  const { occupancy, clock } = system;
  const { channel, occupied, since, count = 0 } = found;
  const present = await notifySubscribers(system, found, isAlive);
  if (present !== count && Math.max(present, count) > MAX_MEMBERS_PER_REPLY) await occupancy.setCount(channel, present);
  if (present > 0) {
    if (!occupied) await occupy(system, channel);
  } else if (occupied) {
    if (!(await occupancy.vacate(channel, clock.now()))) return;
    await system.events.put("Channel Vacated", { channel });
    // An agent that joined after the members were read has seen the channel as occupied.
    if ((await notifySubscribers(system, found)) > 0) await occupy(system, channel);
  } else if (clock.now() - since > VACANT_MS) await occupancy.remove(found);
};

const occupy = async ({ occupancy, clock, events }: PresenceNotifierDependencies, channel: string): Promise<void> => {
  if (await occupancy.occupy(channel, clock.now())) await events.put("Channel Occupied", { channel });
};

/**
 * Posts pending notifications, and records them afterwards: after a crash in between, the next run sends them again.
 * Two runs at once use the same uuids, so that clients drop the duplicate. If a member may come back, it has another run
 * started when its leave is due.
 * @returns number of members
 */
const notifySubscribers = async (
  system: PresenceNotifierDependencies,
  found: OccupiedChannel,
  isAlive: LivenessTest = () => true,
): Promise<number> => {
  const { members, clock, settings } = system;
  const { channel } = found;
  const limited = limiter(WRITES_IN_FLIGHT);
  const groups = groupEntries(await endEntries(system, channel, await members.all(channel), isAlive));
  const now = clock.now();
  const hasStates = channelSettings(settings.channels, channel).presenceState;
  const planned = await Promise.all(
    groups.map((group) =>
      planNotification(system, limited, channel, group, groupState(group, now, settings.presenceGraceMs), hasStates),
    ),
  );
  await fanOut(
    system,
    planned.flatMap(({ events }) => events.map((event) => publicationOf(channel, event))),
  );
  await Promise.all(planned.map((each) => recordNotification(system, limited, channel, each)));
  const due = planned.flatMap(({ dueAt }) => dueAt ?? []);
  if (due.length > 0) await wakeUpAt(system, found, Math.max(...due));
  return planned.filter(({ isMember }) => isMember).length;
};

/** Ends entries of version 0.2.0 with an expired lease, and entries that were left behind. */
const endEntries = (
  { members, clock }: PresenceNotifierDependencies,
  channel: string,
  entries: readonly PresenceEntry[],
  isAlive: LivenessTest,
): Promise<PresenceEntry[]> => {
  const limited = limiter(WRITES_IN_FLIGHT);
  const now = clock.now();
  const end = async (each: PresenceEntry): Promise<PresenceEntry[]> => {
    if (each.leftAt !== undefined) return [each];
    if (!isAlive(each)) {
      const { connectionId, place, changedAt } = each;
      const left = await limited(() => members.leave(connectionId, memberOfPlace(place), channel, now, changedAt));
      return [left ? { ...each, leftAt: now } : each];
    }
    if (each.until === undefined || each.until > now) return [each];
    return (await limited(() => members.expire(channel, each, now))) ? [{ ...each, leftAt: now }] : [];
  };
  return Promise.all(entries.map(end)).then((ended) => ended.flat());
};

/** Milliseconds in a second, the unit in which the queue delays. */
const SECOND_MS = 1_000;

/**
 * Has another run started at a time. A channel has one such run at a time: it finds the leaves that were not due yet, and
 * asks for the next one. If this fails, the schedule's next run announces the leaves.
 */
const wakeUpAt = async (
  { occupancy, wakeUps, clock, log }: PresenceNotifierDependencies,
  { channel, wakeUpAt: expectedAt }: OccupiedChannel,
  at: number,
): Promise<void> => {
  const now = clock.now();
  if (expectedAt > now || !(await occupancy.scheduleWakeUp(channel, now, at))) return;
  if (!(await wakeUps.wakeUp([channel], Math.ceil((at - now) / SECOND_MS))))
    log.error("announce_not_invoked", { channels: [channel], error: "the queue did not accept the wake-up" });
};
