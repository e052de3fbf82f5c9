import { createHash } from "node:crypto";
import { type PresenceEventData, type Json, type Message, Meta } from "../../protocol/index.js";
import { fanOut } from "../delivery/fan-out.js";
import type { Dependencies } from "../dependencies.js";
import { limiter } from "../util/limiter.js";
import { type PresenceEntry, isPresent, memberOf } from "./members.js";
import { type OccupiedChannel, VACANT_MS } from "./occupancy.js";
import type { Publication } from "../delivery/recipients.js";
import { waitForAll } from "../util/wait-for-all.js";

/** Maximum number of members in a presence reply. On a channel with more, a run records their number. */
export const MAX_MEMBERS_PER_REPLY = 25;

/** The ports that notifying of joins and leaves uses. */
export type PresenceNotifierDependencies = Pick<
  Dependencies,
  "members" | "occupancy" | "events" | "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
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
      found ?? { channel, occupied: false, since: system.clock.now(), runExpectedUntil: 0, isStale: false },
    );
  });
};

/**
 * Processes all channels with members: sends missing notifications, and ends expired leases.
 * @param hasTime whether there is time for one more channel
 * @returns number of failed or skipped channels; the next run starts at another shard
 */
export const notifyAllChannels = async (
  system: PresenceNotifierDependencies,
  hasTime: () => boolean,
): Promise<number> => {
  const { occupancy, clock, log } = system;
  const limited = limiter(CHANNELS_IN_FLIGHT);
  const work: Promise<void>[] = [];
  let failed = 0;
  for await (const found of occupancy.all(clock.random())) {
    const one = limited(async () => {
      if (!hasTime()) failed += 1;
      else
        await reconcile(system, found).catch((error: unknown) => {
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

/** Notifies the subscribers of joins and leaves, and sends the server events for occupied and vacated channels. */
const reconcile = async (system: PresenceNotifierDependencies, found: OccupiedChannel): Promise<void> => {
  const { occupancy, clock } = system;
  const { channel, occupied, since, count = 0 } = found;
  const present = await notifySubscribers(system, channel);
  if (present !== count && Math.max(present, count) > MAX_MEMBERS_PER_REPLY) await occupancy.setCount(channel, present);
  if (present > 0) {
    if (!occupied) await occupy(system, channel);
  } else if (occupied) {
    if (!(await occupancy.vacate(channel, clock.now()))) return;
    await system.events.put("Channel Vacated", { channel });
    // An agent that joined after the members were read has seen the channel as occupied.
    if ((await notifySubscribers(system, channel)) > 0) await occupy(system, channel);
  } else if (clock.now() - since > VACANT_MS) await occupancy.remove(found);
};

const occupy = async ({ occupancy, clock, events }: PresenceNotifierDependencies, channel: string): Promise<void> => {
  if (await occupancy.occupy(channel, clock.now())) await events.put("Channel Occupied", { channel });
};

/**
 * Posts pending notifications, and records them afterwards: after a crash in between, the next run sends them again.
 * Two runs at once use the same uuids, so that clients drop the duplicate.
 * @returns number of present members
 */
const notifySubscribers = async (system: PresenceNotifierDependencies, channel: string): Promise<number> => {
  const { members, clock } = system;
  const limited = limiter(WRITES_IN_FLIGHT);
  const all = await members.all(channel);
  const now = clock.now();
  const present = all.filter((each) => isPresent(each, now));
  const ended = await Promise.all(
    all
      .filter(({ leftAt, until }) => leftAt === undefined && until <= now)
      .map((each) =>
        // End the entry first: an agent that is notified as left can only join with a new entry.
        limited(async () => ((await members.expire(channel, each, now)) ? [{ ...each, leftAt: now }] : [])),
      ),
  );
  const left = [...all.filter(({ leftAt }) => leftAt !== undefined), ...ended.flat()];
  const joined = present.filter(({ announced }) => !announced);
  await fanOut(
    system,
    [...left, ...joined].map((each) => publicationOf(channel, each)),
  );
  await Promise.all([
    ...left.map((each) => limited(() => members.remove(channel, each))),
    ...joined.map((each) => limited(() => members.markAnnounced(channel, each))),
  ]);
  return present.length;
};

const publicationOf = (channel: string, entry: PresenceEntry): Publication => {
  const { agent, since, leftAt } = entry;
  // Clients keep the later event of an agent, even if the clocks of two functions differ.
  const at = leftAt === undefined ? since : Math.max(leftAt, since + 1);
  const data: PresenceEventData = {
    channel,
    ...(leftAt === undefined ? { joined: memberOf(entry) } : { left: memberOf(entry) }),
    at,
  };
  // A repeated notification has the same uuid. A uuid has at most 64 characters, and a channel may have more.
  const uuid = createHash("sha256")
    .update(JSON.stringify([channel, agent, leftAt === undefined, at]))
    .digest("base64url")
    .slice(0, 22);
  const message: Message = { channel: Meta.presence, uuid, data: data as unknown as Json };
  return { message, to: channel };
};
