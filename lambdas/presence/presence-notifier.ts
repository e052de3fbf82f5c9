import { createHash } from "node:crypto";
import { type PresenceEventData, type Json, type Message, Meta } from "../../protocol/index.js";
import { fanOut } from "../delivery/fan-out.js";
import type { Dependencies } from "../dependencies.js";
import { limiter } from "../util/limiter.js";
import { type PresenceEntry, isPresent, memberOf, type Members } from "./members.js";
import { type Occupancy, type OccupiedChannel, VACANT_MS } from "./occupancy.js";
import type { Publication } from "../delivery/recipients.js";
import { waitForAll } from "../util/wait-for-all.js";

/** How many members any answer about presence can tell: of a channel with more, it is noted how many there are. */
export const MAX_MEMBERS_PER_REPLY = 25;

/** What telling who comes and goes needs. */
export type PresenceNotifierDependencies = Pick<
  Dependencies,
  "members" | "occupancy" | "events" | "store" | "guards" | "connections" | "segments" | "settings" | "clock" | "log"
>;

/** How long a run waits for others to come and go, in milliseconds: all of them are told together. */
export const DEBOUNCE_MS = 200;

/** The same on channels with many members. A publication that lingers waits no longer. */
export const MAX_DEBOUNCE_MS = 5_000;

/**
 * How long a run waits on a channel with so many members. They are told about a thousand times a second, or less, whoever
 * comes and goes: a channel with 1,000 members is told once a second, one with 5,000 and more every 5 seconds.
 */
export const debounceMs = (members: number): number => Math.min(MAX_DEBOUNCE_MS, Math.max(DEBOUNCE_MS, members));

/** How many rows are written at once. */
const WRITES_IN_FLIGHT = 16;

/** How many channels are looked after at once. */
const CHANNELS_IN_FLIGHT = 8;

/**
 * Tells the subscribers of some channels who has come and gone.
 * @throws what the first channel that failed did; all others have been told
 */
export const notifyChannels = async (
  system: PresenceNotifierDependencies,
  channels: readonly string[],
): Promise<void> => {
  const limited = limiter(CHANNELS_IN_FLIGHT);
  await waitForAll(channels.map((channel) => notifyChannel(system, channel, limited)));
};

/** Tells one channel's subscribers who has come and gone; only what follows the gathering takes a place. */
export const notifyChannel = async (
  system: PresenceNotifierDependencies,
  channel: string,
  limited = limiter(1),
): Promise<void> => {
  const before = await system.occupancy.read(channel);
  await system.clock.sleep(debounceMs(before?.count ?? 0));
  await limited(async () => {
    // From here on whoever notes something asks for another run; what was noted before is read below.
    const found = await system.occupancy.begin(channel);
    await reconcile(
      system,
      found ?? { channel, occupied: false, since: system.clock.now(), awaitedUntil: 0, old: false },
    );
  });
};

/**
 * Looks after all channels that have members: tells what nobody has told, and who has been silent for too long.
 * @param enough whether there is time for one more channel
 * @returns how many channels could not be looked after; the next run begins somewhere else
 */
export const notifyAllChannels = async (
  system: PresenceNotifierDependencies,
  enough: () => boolean,
): Promise<number> => {
  const { occupancy, clock, log } = system;
  const limited = limiter(CHANNELS_IN_FLIGHT);
  const work: Promise<void>[] = [];
  let left = 0;
  for await (const found of occupancy.all(clock.random())) {
    const one = limited(async () => {
      if (!enough()) left += 1;
      else
        await reconcile(system, found).catch((error: unknown) => {
          left += 1;
          log.error("announce_failed", { channel: found.channel, error: String(error) });
        });
    });
    work.push(one);
    if (work.length % CHANNELS_IN_FLIGHT === 0) await one;
  }
  await Promise.all(work);
  return left;
};

/** Tells the subscribers who has come and gone, and the back end whether anybody is there. */
const reconcile = async (system: PresenceNotifierDependencies, found: OccupiedChannel): Promise<void> => {
  const { occupancy, clock } = system;
  const { channel, occupied, since, count = 0 } = found;
  const present = await tell(system, channel);
  if (present !== count && Math.max(present, count) > MAX_MEMBERS_PER_REPLY) await occupancy.note(channel, present);
  if (present > 0) {
    if (!occupied) await occupy(system, channel);
  } else if (occupied) {
    if (!(await occupancy.vacate(channel, clock.now()))) return;
    await system.events.put("Channel Vacated", { channel });
    // Whoever came since the members were read has believed that the channel was known to be occupied.
    if ((await tell(system, channel)) > 0) await occupy(system, channel);
  } else if (clock.now() - since > VACANT_MS) await occupancy.forget(found);
};

const occupy = async ({ occupancy, clock, events }: PresenceNotifierDependencies, channel: string): Promise<void> => {
  if (await occupancy.occupy(channel, clock.now())) await events.put("Channel Occupied", { channel });
};

/**
 * Posts what has not been told, and notes it then: whatever dies in between, the next run tells it again. What two runs
 * tell at once has the same uuids, so that clients drop one of them.
 * @returns how many are there
 */
const tell = async (system: PresenceNotifierDependencies, channel: string): Promise<number> => {
  const { members, clock } = system;
  const limited = limiter(WRITES_IN_FLIGHT);
  const all = await members.all(channel);
  const now = clock.now();
  const present = all.filter((each) => isPresent(each, now));
  const ended = await Promise.all(
    all
      .filter(({ goneAt, until }) => goneAt === undefined && until <= now)
      .map((each) =>
        // Gone first: who is told to have left can only come as another.
        limited(async () => ((await members.end(channel, each, now)) ? [{ ...each, goneAt: now }] : [])),
      ),
  );
  const left = [...all.filter(({ goneAt }) => goneAt !== undefined), ...ended.flat()];
  const joined = present.filter(({ told }) => !told);
  await fanOut(
    system,
    [...left, ...joined].map((each) => publicationOf(channel, each)),
  );
  await Promise.all([
    ...left.map((each) => limited(() => members.forget(channel, each))),
    ...joined.map((each) => limited(() => members.told(channel, each))),
  ]);
  return present.length;
};

const publicationOf = (channel: string, attendant: PresenceEntry): Publication => {
  const { agent, since, goneAt } = attendant;
  // Of two about one agent the later one counts, even where the clocks of those who noted it differ.
  const at = goneAt === undefined ? since : Math.max(goneAt, since + 1);
  const said: PresenceEventData = {
    channel,
    ...(goneAt === undefined ? { joined: memberOf(attendant) } : { left: memberOf(attendant) }),
    at,
  };
  // The same for whoever tells it again; a uuid has 64 characters, and a channel may have more.
  const uuid = createHash("sha256")
    .update(JSON.stringify([channel, agent, goneAt === undefined, at]))
    .digest("base64url")
    .slice(0, 22);
  const message: Message = { channel: Meta.presence, uuid, data: said as unknown as Json };
  return { message, to: channel };
};
