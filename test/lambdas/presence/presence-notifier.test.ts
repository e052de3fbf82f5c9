import {
  MAX_MEMBERS_PER_REPLY,
  notifyChannel,
  notifyAllChannels,
  type PresenceNotifierDependencies,
} from "../../../lambdas/presence/presence-notifier.js";
import { PresenceRecorder } from "../../../lambdas/presence/presence-recorder.js";
import {
  type PresenceEventData,
  MAX_FRAME_BYTES,
  MAX_INFO_BYTES,
  Meta,
  MAX_USER_ID_LENGTH,
} from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";
import { fanOutSystem } from "../delivery/fan-out-system.js";
import { MemoryMembers, MemoryOccupancy } from "./presence-fakes.js";

const LEASE = 120_000;
const MINUTE = 60_000;

/** A system with presence, a subscriber who hears what is told, and the runs that were asked for. */
const setUp = async () => {
  const system = fanOutSystem({ channels: { "rooms/*": { presence: true } } });
  const { store, clock, connections, log, settings } = system;
  await store.with(agentOf("listener"), "rooms/1");
  const members = new MemoryMembers();
  const occupancy = new MemoryOccupancy();
  const asked: string[] = [];
  const told: string[] = [];
  const events = {
    put: async (type: string, { channel }: Record<string, unknown>) => void told.push(`${type} ${String(channel)}`),
  };
  const announcing: PresenceNotifierDependencies = { ...system, members, occupancy, events };
  const attendance = new PresenceRecorder({
    members,
    occupancy,
    announce: async (channels) => void asked.push(channels.join(" ")),
    settings,
    clock,
    log,
  });
  const heard = (): PresenceEventData[] =>
    (connections.received("listener") as { channel: string; data: PresenceEventData }[])
      .filter(({ channel }) => channel === Meta.presence)
      .map(({ data }) => data);
  /** What came of each agent, in the order of `at`: who has seen all of it believes the last. */
  const believed = (): string[] => {
    const last = new Map<string, PresenceEventData>();
    for (const each of heard()) {
      const agent = (each.joined ?? each.left)!.agent;
      if (each.at >= (last.get(agent)?.at ?? 0)) last.set(agent, each);
    }
    return [...last].filter(([, { joined }]) => joined).map(([agent]) => agent);
  };
  const join = async (id: string) => {
    await attendance.join(agentOf(id, { userId: id, info: { name: id } }), ["rooms/1", "plain"]);
    await attendance.startNotifier(["rooms/1", "plain"]);
  };
  const leave = (id: string) => attendance.leave(id, ["rooms/1", "plain"]);
  const minute = () => notifyAllChannels(announcing, () => true);
  return { ...system, members, occupancy, asked, told, announcing, attendance, heard, believed, join, leave, minute };
};

const memberOf = (id: string) => ({ agent: `uuid-of-${id}`, userId: id, info: { name: id } });

test("subscribers are told who comes and who goes, once, and the back end that the channel is occupied, then vacant", async () => {
  const { join, leave, announcing, heard, told, asked, clock, minute, members, occupancy } = await setUp();
  await join("c1");
  expect(asked).toEqual(["rooms/1"]);
  await notifyChannel(announcing, "rooms/1");
  expect(heard()).toEqual([{ channel: "rooms/1", joined: memberOf("c1"), at: NOW }]);
  clock.advance(1_000);
  await leave("c1");
  await notifyChannel(announcing, "rooms/1");
  expect(heard()[1]).toEqual({ channel: "rooms/1", left: memberOf("c1"), at: NOW + 1_200 });
  await minute();
  expect(heard()).toHaveLength(2);
  expect(told).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1"]);
  clock.advance(MINUTE + 1);
  await minute();
  expect([members.rows.size, occupancy.rows.size]).toEqual([0, 0]);
});

test("many who come together are told in one frame, by one run", async () => {
  const { join, announcing, heard, asked, connections } = await setUp();
  await Promise.all(Array.from({ length: 50 }, (_, at) => join(`c${at}`)));
  expect(asked).toEqual(["rooms/1"]);
  await notifyChannel(announcing, "rooms/1");
  expect(heard()).toHaveLength(50);
  expect(connections.to("listener")).toHaveLength(1);
});

test("who comes while a run reads asks for another", async () => {
  const { join, announcing, heard, asked, members } = await setUp();
  await join("c1");
  let late: Promise<void> | undefined;
  members.before = (step) => void (step === "markAnnounced" && (late ??= join("c2")));
  await notifyChannel(announcing, "rooms/1");
  await late;
  expect(asked).toEqual(["rooms/1", "rooms/1"]);
  await notifyChannel(announcing, "rooms/1");
  expect(heard().map(({ joined }) => joined?.agent)).toEqual(["uuid-of-c1", "uuid-of-c2"]);
});

test("what cannot be told at once is told by the next minute's run", async () => {
  const { attendance, minute, heard, log, occupancy } = await setUp();
  occupancy.before = (step) => {
    if (step === "scheduleRun") throw new Error("throttled");
  };
  await attendance.join(agentOf("c1"), ["rooms/1"]);
  await attendance.startNotifier(["rooms/1"]);
  expect(log.events("error")).toEqual(["announce_not_invoked"]);
  await minute();
  expect(heard()).toMatchObject([{ joined: { agent: "uuid-of-c1" } }]);
});

describe("how many there are", () => {
  const crowd = async (count: number) => {
    const it = await setUp();
    let notes = 0;
    it.occupancy.before = (step) => void (step === "setCount" && (notes += 1));
    await Promise.all(Array.from({ length: count }, (_, at) => it.join(`c${at}`)));
    await it.minute();
    return { ...it, notes: () => notes, noted: () => it.occupancy.rows.get("rooms/1")?.count };
  };

  test("is noted of a channel with more than one answer can tell for sure, when it has changed", async () => {
    const { leave, minute, notes, noted } = await crowd(MAX_MEMBERS_PER_REPLY + 2);
    expect([noted(), notes()]).toEqual([27, 1]);
    await minute();
    expect(notes()).toBe(1);
    await leave("c0");
    await minute();
    expect([noted(), notes()]).toEqual([26, 2]);
    for (const id of ["c1", "c2"]) await leave(id);
    await minute();
    expect([noted(), notes()]).toEqual([24, 3]);
    await leave("c3");
    await minute();
    expect(notes()).toBe(3);
  });

  test("costs nothing where there are few", async () => {
    expect((await crowd(MAX_MEMBERS_PER_REPLY)).notes()).toBe(0);
  });

  test("is few enough then: as many always fit an answer, whatever is told of them", () => {
    const largest = {
      agent: "x".repeat(22),
      userId: "\u0001".repeat(MAX_USER_ID_LENGTH),
      info: "x".repeat(MAX_INFO_BYTES - 2),
    };
    expect(MAX_MEMBERS_PER_REPLY * (JSON.stringify(largest).length + 1)).toBeLessThan(MAX_FRAME_BYTES - 1_024);
  });
});

describe("who has been silent for a lease", () => {
  test("is told to have left, and is not there; whoever renews stays", async () => {
    const { join, minute, believed, clock, members } = await setUp();
    await join("c1");
    await join("c2");
    await minute();
    clock.advance(LEASE - 1);
    await members.renew("c2", "rooms/1", clock.now(), clock.now() + LEASE);
    await minute();
    expect(believed()).toEqual(["uuid-of-c1", "uuid-of-c2"]);
    clock.advance(1);
    await minute();
    expect(believed()).toEqual(["uuid-of-c2"]);
    expect(await members.renew("c1", "rooms/1", clock.now(), clock.now() + LEASE)).toBe(false);
  });

  test("and renews by a clock that is behind, while a run is about to end it, stays", async () => {
    const { join, minute, believed, clock, members } = await setUp();
    await join("c1");
    await minute();
    clock.advance(LEASE);
    members.before = async (step) => {
      members.before = (next) => void next;
      if (step === "all")
        members.before = async (next) =>
          void (
            next === "expire" &&
            ((members.before = () => undefined),
            await members.renew("c1", "rooms/1", clock.now() - 1, clock.now() + LEASE))
          );
    };
    await minute();
    expect(believed()).toEqual(["uuid-of-c1"]);
  });
});

describe("who goes and comes again", () => {
  test("while a run tells that it went, is told to have come, with a later time", async () => {
    const { join, leave, announcing, believed, heard, members, clock } = await setUp();
    await join("c1");
    await notifyChannel(announcing, "rooms/1");
    clock.advance(10);
    await leave("c1");
    let again: Promise<void> | undefined;
    members.before = async (step) => {
      if (step !== "remove" || again) return;
      clock.advance(10);
      again = join("c1");
      await again;
    };
    await notifyChannel(announcing, "rooms/1");
    await notifyChannel(announcing, "rooms/1");
    expect(heard().map(({ joined }) => Boolean(joined))).toEqual([true, false, true]);
    expect(believed()).toEqual(["uuid-of-c1"]);
  });

  test("before anybody was told, is nobody's news but that it is there", async () => {
    const { join, leave, announcing, believed, clock, heard } = await setUp();
    await join("c1");
    await notifyChannel(announcing, "rooms/1");
    clock.advance(10);
    await leave("c1");
    clock.advance(10);
    await join("c1");
    await notifyChannel(announcing, "rooms/1");
    expect(believed()).toEqual(["uuid-of-c1"]);
    expect(heard().map(({ joined }) => Boolean(joined))).toEqual([true, true]);
  });
});

test("who is described anew is told again, as it is now", async () => {
  const { join, announcing, attendance, heard, clock } = await setUp();
  await join("c1");
  await notifyChannel(announcing, "rooms/1");
  clock.advance(10);
  await attendance.describe(agentOf("c1", { info: "busy" }), ["rooms/1"]);
  await notifyChannel(announcing, "rooms/1");
  expect(heard().map(({ joined }) => joined?.info)).toEqual([{ name: "c1" }, "busy"]);
  expect(heard()[1]!.at).toBeGreaterThan(heard()[0]!.at);
});

test("two runs at once tell the same with the same uuids, and the back end once", async () => {
  const { join, leave, announcing, connections, told, minute } = await setUp();
  await join("c1");
  await Promise.all([notifyChannel(announcing, "rooms/1"), minute()]);
  await leave("c1");
  await Promise.all([notifyChannel(announcing, "rooms/1"), minute()]);
  const uuids = (connections.received("listener") as { uuid: string }[]).map(({ uuid }) => uuid);
  expect(new Set(uuids).size).toBe(2);
  expect(told).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1"]);
});

test("who comes while nobody is thought to be there is found by the same run", async () => {
  const { join, leave, announcing, told, believed, occupancy, attendance } = await setUp();
  await join("c1");
  await notifyChannel(announcing, "rooms/1");
  await leave("c1");
  // It has seen that the channel is occupied, and dies before it asks for a run.
  occupancy.before = async (step) => {
    if (step !== "vacate") return;
    occupancy.before = () => undefined;
    await attendance.join(agentOf("c2"), ["rooms/1"]);
  };
  await notifyChannel(announcing, "rooms/1");
  expect(believed()).toEqual(["uuid-of-c2"]);
  expect(told).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1", "Channel Occupied rooms/1"]);
});

describe("a Lambda that dies", () => {
  /** Every step of who comes, goes, and tells it; killed before each of them in turn. */
  test.each([
    "read",
    "ensure",
    "join",
    "scheduleRun",
    "startRun",
    "all",
    "markAnnounced",
    "occupy",
    "leave",
    "vacate",
    "remove",
    "expire",
  ] as const)(
    "before %s: after a lease and a minute the subscribers believe what is so, and nothing stays",
    async (fatal) => {
      for (let after = 0; after < 6; after += 1) {
        const { join, leave, announcing, believed, minute, members, occupancy, clock, told } = await setUp();
        let left = after;
        const die = (step: string): void => {
          if (step === fatal && (left -= 1) < 0) {
            left = Infinity;
            throw new Error("killed");
          }
        };
        [members.before, occupancy.before] = [die, die];
        const survive = (work: Promise<unknown>) => work.catch(() => undefined);
        for (const id of ["c1", "c2"]) await survive(join(id));
        await survive(notifyChannel(announcing, "rooms/1"));
        clock.advance(1_000);
        await survive(leave("c1"));
        await survive(notifyChannel(announcing, "rooms/1"));
        left = Infinity;
        // Whoever got no answer has subscribed again by now.
        if (!members.at("rooms/1", "c2")) await join("c2");
        clock.advance(LEASE - 2_000);
        await members.renew("c2", "rooms/1", clock.now(), clock.now() + LEASE);
        clock.advance(2_000);
        await minute();
        expect(believed()).toEqual(["uuid-of-c2"]);
        clock.advance(LEASE);
        if (fatal === "expire") left = 0;
        await minute();
        await minute();
        expect(believed()).toEqual([]);
        clock.advance(MINUTE + 1);
        await minute();
        expect([members.rows.size, occupancy.rows.size]).toEqual([0, 0]);
        expect(told.at(-1)).toBe("Channel Vacated rooms/1");
      }
    },
  );
});

test("a channel that fails does not keep the others from being looked after, and is told of", async () => {
  const { attendance, announcing, members, log, heard } = await setUp();
  for (const channel of ["rooms/0", "rooms/1"]) await attendance.join(agentOf("c1"), [channel]);
  let first = true;
  members.before = (step) => {
    if (step !== "all" || !first) return;
    first = false;
    throw new Error("throttled");
  };
  expect(await notifyAllChannels(announcing, () => true)).toBe(1);
  expect(log.events("error")).toEqual(["announce_failed"]);
  expect(heard()).toHaveLength(1);
  expect(await notifyAllChannels(announcing, () => false)).toBe(2);
});

test("delivery guards are not asked about who comes and goes", async () => {
  const { join, announcing, heard } = await setUp();
  const guards = { ...announcing.guards, guardsDelivery: async () => true, delivery: async () => undefined };
  await join("c1");
  await notifyChannel({ ...announcing, guards }, "rooms/1");
  expect(heard()).toHaveLength(1);
});
