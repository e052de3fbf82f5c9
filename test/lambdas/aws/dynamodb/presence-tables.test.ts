import { PresenceRecordingTable } from "../../../../lambdas/aws/dynamodb/presence-recording-table.js";
import { MembersTable } from "../../../../lambdas/aws/dynamodb/members-table.js";
import { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import { PresenceRecorder } from "../../../../lambdas/presence/presence-recorder.js";
import { memberKey, memberPlace } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { OccupiedChannel } from "../../../../lambdas/presence/occupancy.js";
import { DEFAULT_SETTINGS } from "../../../../lambdas/settings.js";
import { agentOf, NOW, TestLog } from "../../support/fakes.js";
import { itemSize, useEngine } from "../../support/test-table.js";

const engine = useEngine();

const LEASE = 120_000;
const UNTIL = NOW + LEASE;

const setUp = async () => {
  const it = await engine.table();
  const members = new MembersTable(it, it.clock);
  const occupancy = new OccupancyTable(it, it.clock);
  const asked: string[] = [];
  const settings = { ...DEFAULT_SETTINGS, channels: { "rooms/*": { presence: true } } as const };
  const announce = async (channels: readonly string[]) => void asked.push(...channels);
  const attendance = new PresenceRecorder({
    members,
    occupancy,
    announce,
    settings,
    clock: it.clock,
    log: new TestLog(),
  });
  const table = new PresenceRecordingTable(it.client, it.name, it.clock, {}, attendance);
  return { it, members, occupancy, asked, table };
};

const ada = agentOf("c1", { userId: "ada", info: { name: "Ada" } });

describe("the members of a channel", () => {
  test("are those who have joined it, with what is told of them, until they are forgotten", async () => {
    const { it, members } = await setUp();
    await members.join(ada, "rooms/1", NOW, UNTIL);
    await members.join(agentOf("c2"), "rooms/1", NOW, UNTIL);
    const row = {
      connectionId: "c1",
      agent: "uuid-of-c1",
      userId: "ada",
      info: { name: "Ada" },
      since: NOW,
      until: UNTIL,
      announced: false,
    };
    expect(await members.all("rooms/1")).toEqual([
      row,
      { connectionId: "c2", agent: "uuid-of-c2", since: NOW, until: UNTIL, announced: false },
    ]);
    expect(await members.leave("c1", "rooms/1", NOW + 1)).toBe(true);
    expect(await members.leave("c1", "rooms/1", NOW + 2)).toBe(false);
    const [gone] = await members.all("rooms/1");
    expect(gone).toEqual({ ...row, leftAt: NOW + 1 });
    await members.remove("rooms/1", gone!);
    expect(await it.row("p#rooms/1", memberPlace("c1"))).toBeUndefined();
    expect(await members.leave("c1", "rooms/1", NOW + 3)).toBe(false);
  });

  test("who joins again while it is there, is the same, whose coming has been told; who has gone is another", async () => {
    const { members } = await setUp();
    await members.join(ada, "rooms/1", NOW, UNTIL);
    const [first] = await members.all("rooms/1");
    await members.markAnnounced("rooms/1", first!);
    await members.join(ada, "rooms/1", NOW + 5, UNTIL + 5);
    expect(await members.all("rooms/1")).toEqual([{ ...first, until: UNTIL + 5, announced: true }]);
    await members.leave("c1", "rooms/1", NOW + 6);
    await members.join(agentOf("c1"), "rooms/1", NOW + 7, UNTIL + 7);
    // What a run knows of the first one does not touch the second.
    await members.markAnnounced("rooms/1", first!);
    await members.remove("rooms/1", { ...first!, leftAt: NOW + 6 });
    expect(await members.expire("rooms/1", first!, NOW + 8)).toBe(false);
    expect(await members.all("rooms/1")).toEqual([
      { connectionId: "c1", agent: "uuid-of-c1", since: NOW + 7, until: UNTIL + 7, announced: false },
    ]);
  });

  test("are renewed while they are there, and ended only if they were not renewed since", async () => {
    const { members } = await setUp();
    expect(await members.renew("c1", "rooms/1", NOW, UNTIL)).toBe(false);
    await members.join(ada, "rooms/1", NOW, UNTIL);
    const [before] = await members.all("rooms/1");
    expect(await members.renew("c1", "rooms/1", NOW, UNTIL + 1)).toBe(true);
    expect(await members.expire("rooms/1", before!, UNTIL)).toBe(false);
    const [after] = await members.all("rooms/1");
    expect(await members.expire("rooms/1", after!, UNTIL + 2)).toBe(true);
    expect(await members.renew("c1", "rooms/1", NOW, UNTIL + 3)).toBe(false);
  });

  test("say until when they are there, those who are, with one read for all channels", async () => {
    const { it, members } = await setUp();
    for (const channel of ["rooms/1", "rooms/2", "rooms/3"]) await members.join(ada, channel, NOW, UNTIL);
    await members.leave("c1", "rooms/2", NOW);
    await members.renew("c1", "rooms/3", NOW, UNTIL + 1);
    await members.join(agentOf("c2"), "rooms/4", NOW, UNTIL);
    const channels = ["rooms/1", "rooms/2", "rooms/3", "rooms/4", "rooms/5"];
    const expected = new Map([
      ["rooms/1", UNTIL],
      ["rooms/3", UNTIL + 1],
    ]);
    const { read, ...others } = await it.cost(async () =>
      expect(await members.leaseExpiries("c1", channels)).toEqual(expected),
    );
    expect(others).toEqual({ commands: ["BatchGetItem"], written: 0 });
    // DynamoDB Local counts nothing for a row that is not there.
    expect([3, 5]).toContain(read);
  });

  test("are described anew, and told again", async () => {
    const { members } = await setUp();
    await members.describe(ada, "rooms/1", NOW);
    expect(await members.all("rooms/1")).toEqual([]);
    await members.join(ada, "rooms/1", NOW, UNTIL);
    const [first] = await members.all("rooms/1");
    await members.markAnnounced("rooms/1", first!);
    const { info: _info, ...bare } = ada;
    await members.describe(bare, "rooms/1", NOW + 1);
    expect(await members.all("rooms/1")).toEqual([
      { connectionId: "c1", agent: "uuid-of-c1", userId: "ada", since: NOW + 1, until: UNTIL, announced: false },
    ]);
  });

  test("are all read, however many pages there are", async () => {
    const { it, members } = await setUp();
    const agents = Array.from({ length: 30 }, (_, at) => agentOf(`c${at}`));
    await Promise.all(agents.map((agent) => members.join(agent, "rooms/1", NOW, UNTIL)));
    it.intercept = (name, input, next) => next(name === "Query" ? { ...input, Limit: 7 } : input);
    expect(await members.all("rooms/1")).toHaveLength(30);
  });
});

describe("a page of members", () => {
  const crowd = async (count: number) => {
    const { it, members } = await setUp();
    const info = { name: "x".repeat(60) };
    await Promise.all(
      Array.from({ length: count }, (_, at) =>
        members.join(agentOf(`c${at}`, { userId: `user-${at}`, info }), "rooms/1", NOW, UNTIL),
      ),
    );
    return { it, members };
  };

  test("goes on behind a place, in the order of places, and says whether there may be others", async () => {
    const { members } = await crowd(10);
    const places: string[] = [];
    let more = true;
    while (more) {
      const page = await members.page("rooms/1", places.at(-1), 4);
      expect(page.entries.length).toBeLessThanOrEqual(4);
      places.push(...page.entries.map(({ connectionId }) => memberPlace(connectionId)));
      ({ more } = page);
    }
    expect(places).toEqual([...places].sort());
    expect(new Set(places).size).toBe(10);
    expect((await members.page("rooms/1", undefined, 11)).more).toBe(false);
  });

  test("costs what is on it, however many members there are", async () => {
    const { it, members } = await crowd(200);
    const { read } = await it.cost(() => members.page("rooms/1", memberPlace("c7"), 20));
    expect(read).toBeLessThanOrEqual(2);
    expect((await it.cost(() => members.all("rooms/1"))).read).toBeGreaterThanOrEqual(8);
  });

  test("tells nobody the id of a connection", () => {
    expect(memberKey("rooms/1", "L0SM9cOFvHcCIhw=").sk).toMatch(/^[\w-]{22}$/);
    expect(memberPlace("c1")).not.toBe(memberPlace("c2"));
  });
});

describe("a channel that is looked after", () => {
  const all = async (occupancy: OccupancyTable): Promise<OccupiedChannel[]> => {
    const found: OccupiedChannel[] = [];
    for await (const each of occupancy.all(0.5)) found.push(each);
    return found;
  };

  test("is found from when somebody is about to come, wherever one begins to look", async () => {
    const { occupancy } = await setUp();
    expect(await occupancy.read("rooms/1")).toBeUndefined();
    for (const channel of ["rooms/1", "rooms/2", "a", "b"]) await occupancy.ensure(channel, NOW);
    expect((await all(occupancy)).map(({ channel }) => channel).sort()).toEqual(["a", "b", "rooms/1", "rooms/2"]);
  });

  test("becomes occupied, and vacant, for one of several who say so", async () => {
    const { occupancy } = await setUp();
    const times = async (work: () => Promise<boolean>) =>
      (await Promise.all(Array.from({ length: 5 }, work))).filter(Boolean).length;
    await occupancy.ensure("rooms/1", NOW);
    expect(await times(() => occupancy.occupy("rooms/1", NOW + 1))).toBe(1);
    expect(await occupancy.read("rooms/1")).toMatchObject({ occupied: true, since: NOW + 1 });
    expect(await times(() => occupancy.vacate("rooms/1", NOW + 2))).toBe(1);
    expect(await occupancy.read("rooms/1")).toMatchObject({ occupied: false, since: NOW + 2 });
  });

  test("has one run awaited, until it begins or its time is over", async () => {
    const { occupancy } = await setUp();
    expect(await occupancy.startRun("rooms/1")).toBeUndefined();
    expect(await occupancy.scheduleRun("rooms/1", NOW, NOW + 30_000)).toBe(true);
    expect(await occupancy.scheduleRun("rooms/1", NOW + 1, NOW + 30_001)).toBe(false);
    expect(await occupancy.startRun("rooms/1")).toMatchObject({
      channel: "rooms/1",
      occupied: false,
      since: NOW,
      awaitedUntil: 0,
    });
    expect(await occupancy.scheduleRun("rooms/1", NOW + 1, NOW + 30_001)).toBe(true);
    expect(await occupancy.scheduleRun("rooms/1", NOW + 30_001, NOW + 60_001)).toBe(true);
  });

  test("says how many are there, once that is noted", async () => {
    const { it, occupancy } = await setUp();
    await occupancy.setCount("rooms/1", 30).catch(() => undefined);
    expect(await occupancy.read("rooms/1")).toBeUndefined();
    await occupancy.ensure("rooms/1", NOW);
    expect(await occupancy.read("rooms/1")).not.toHaveProperty("count");
    expect(await it.cost(() => occupancy.setCount("rooms/1", 30))).toMatchObject({ written: 1 });
    await occupancy.occupy("rooms/1", NOW);
    expect(await occupancy.startRun("rooms/1")).toMatchObject({ count: 30 });
  });

  test("is forgotten only while nobody is there, and nobody has been awaited since", async () => {
    const { occupancy } = await setUp();
    await occupancy.ensure("rooms/1", NOW);
    const before = (await occupancy.read("rooms/1"))!;
    await occupancy.ensure("rooms/1", NOW + 1);
    await occupancy.remove(before);
    const after = (await occupancy.read("rooms/1"))!;
    await occupancy.scheduleRun("rooms/1", NOW + 2, NOW + 30_002);
    await occupancy.remove(after);
    expect(await occupancy.read("rooms/1")).toBeDefined();
    await occupancy.startRun("rooms/1");
    await occupancy.remove(after);
    expect(await occupancy.read("rooms/1")).toBeUndefined();
  });

  test("is written again by who comes when half of its time is over", async () => {
    const { it, occupancy, table } = await setUp();
    await occupancy.occupy("rooms/1", NOW);
    it.clock.advance(12 * 60 * 60_000 + 1_000);
    expect(await occupancy.read("rooms/1")).toMatchObject({ old: true });
    await table.putSubscriptions(agentOf("c1", { connectedAt: it.clock.now() }), ["rooms/1"]);
    expect(await occupancy.read("rooms/1")).toMatchObject({ old: false });
  });
});

describe("the table of a deployment with presence", () => {
  test("notes who is there, from before it is subscribed until after it is not any more", async () => {
    const { it, members, asked, table } = await setUp();
    let subscribed = false;
    it.intercept = async (name, input, next) => {
      if (name === "BatchWrite" || name === "BatchWriteItem") {
        expect(await members.all("rooms/1")).toHaveLength(1);
        subscribed = true;
      }
      return next(input);
    };
    await table.putSubscriptions(ada, ["rooms/1", "plain", "rooms/*"]);
    await table.deleteSubscriptions("c1", ["rooms/1", "plain", "rooms/*"]);
    expect(subscribed).toBe(true);
    expect(asked).toEqual(["rooms/1"]);
    expect(await members.all("rooms/1")).toMatchObject([{ leftAt: NOW }]);
  });

  test("tells anew of an agent that is renewed and is another, and of no other", async () => {
    const { members, occupancy, asked, table } = await setUp();
    await table.putAgent(ada);
    await table.putSubscriptions(ada, ["rooms/1", "plain"]);
    await members.markAnnounced("rooms/1", (await members.all("rooms/1"))[0]!);
    await occupancy.startRun("rooms/1");
    const renewed = await table.renewAgent(ada, ada);
    expect(asked).toHaveLength(1);
    await table.renewAgent({ ...renewed!, info: "busy" }, renewed!);
    expect(asked).toHaveLength(2);
    expect(await members.all("rooms/1")).toMatchObject([{ info: "busy", announced: false }]);
  });
});

/** What docs/ARCHITECTURE.md says. */
describe("costs, in units", () => {
  test("a channel without presence: nothing", async () => {
    const { it, table } = await setUp();
    expect(await it.cost(() => table.putSubscriptions(ada, ["plain"]))).toMatchObject({ read: 0, written: 2 });
    expect(await it.cost(() => table.deleteSubscriptions("c1", ["plain"]))).toMatchObject({ read: 0, written: 2 });
  });

  test("coming: 1 to write, 2 to read besides the subscription, and 1 to write for all who come together; the first one 1 more", async () => {
    const { it, occupancy, table } = await setUp();
    const subscription = { read: 0, written: 2 };
    expect(await it.cost(() => table.putSubscriptions(ada, ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 3,
    });
    await occupancy.occupy("rooms/1", NOW);
    // A run is awaited: nothing more is written for its sake.
    expect(await it.cost(() => table.putSubscriptions(agentOf("c2"), ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 1,
    });
    await occupancy.startRun("rooms/1");
    expect(await it.cost(() => table.putSubscriptions(agentOf("c3"), ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 2,
    });
  });

  test("saying so again: 1 to write; going: 1 to write, 1 to read, and 1 to write for all who go together", async () => {
    const { it, members, occupancy, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    expect(await it.cost(() => members.renew("c1", "rooms/1", NOW, UNTIL))).toMatchObject({ read: 0, written: 1 });
    await occupancy.startRun("rooms/1");
    expect(await it.cost(() => table.deleteSubscriptions("c1", ["rooms/1"]))).toMatchObject({ read: 1, written: 4 });
  });

  test("telling it: 1 to begin, and 1 for each who came or went", async () => {
    const { it, members, occupancy } = await setUp();
    await members.join(ada, "rooms/1", NOW, UNTIL);
    await occupancy.ensure("rooms/1", NOW);
    expect(await it.cost(() => occupancy.startRun("rooms/1"))).toMatchObject({ written: 1 });
    const [row] = await members.all("rooms/1");
    expect(await it.cost(() => members.markAnnounced("rooms/1", row!))).toMatchObject({ written: 1 });
    await members.leave("c1", "rooms/1", NOW);
    expect(await it.cost(() => members.remove("rooms/1", { ...row!, leftAt: NOW }))).toMatchObject({ written: 1 });
  });

  test("a row has less than 1 KB, whatever is told of its agent", async () => {
    const { it, members } = await setUp();
    const long = agentOf("c".repeat(16), { uuid: "u".repeat(22), userId: "\u20ac".repeat(128), info: "i".repeat(254) });
    const channel = `rooms/${"x".repeat(122)}`;
    await members.join(long, channel, NOW, UNTIL);
    await members.markAnnounced(channel, (await members.all(channel))[0]!);
    await members.leave(long.connectionId, channel, NOW);
    expect(itemSize((await it.row(`p#${channel}`, memberPlace(long.connectionId)))!)).toBeLessThan(1024);
  });
});
