import type { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import { memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { memberPlace } from "../../../../lambdas/presence/members.js";
import type { OccupiedChannel } from "../../../../lambdas/presence/occupancy.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { ada, UNTIL, usePresenceTables } from "./presence-tables-system.js";

const setUp = usePresenceTables();

describe("the members of a channel", () => {
  test("are listed with their public info until they are deleted", async () => {
    const { testTable, members } = await setUp();
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
    expect(await testTable.row("p#rooms/1", memberPlace("c1"))).toBeUndefined();
    expect(await members.leave("c1", "rooms/1", NOW + 3)).toBe(false);
  });

  test("keep their entry when they join again, unless they have left", async () => {
    const { members } = await setUp();
    await members.join(ada, "rooms/1", NOW, UNTIL);
    const [first] = await members.all("rooms/1");
    await members.markAnnounced("rooms/1", first!);
    await members.join(ada, "rooms/1", NOW + 5, UNTIL + 5);
    expect(await members.all("rooms/1")).toEqual([{ ...first, until: UNTIL + 5, announced: true }]);
    await members.leave("c1", "rooms/1", NOW + 6);
    await members.join(agentOf("c1"), "rooms/1", NOW + 7, UNTIL + 7);
    // The first entry's run does not touch the second entry.
    await members.markAnnounced("rooms/1", first!);
    await members.remove("rooms/1", { ...first!, leftAt: NOW + 6 });
    expect(await members.expire("rooms/1", first!, NOW + 8)).toBe(false);
    expect(await members.all("rooms/1")).toEqual([
      { connectionId: "c1", agent: "uuid-of-c1", since: NOW + 7, until: UNTIL + 7, announced: false },
    ]);
  });

  test("are renewed while present, and expire only if not renewed since", async () => {
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

  test("have their leases read with one request for all channels", async () => {
    const { testTable, members } = await setUp();
    for (const channel of ["rooms/1", "rooms/2", "rooms/3"]) await members.join(ada, channel, NOW, UNTIL);
    await members.leave("c1", "rooms/2", NOW);
    await members.renew("c1", "rooms/3", NOW, UNTIL + 1);
    await members.join(agentOf("c2"), "rooms/4", NOW, UNTIL);
    const channels = ["rooms/1", "rooms/2", "rooms/3", "rooms/4", "rooms/5"];
    const expected = new Map([
      ["rooms/1", UNTIL],
      ["rooms/3", UNTIL + 1],
    ]);
    const { read, ...others } = await testTable.cost(async () =>
      expect(await members.leaseExpiries("c1", channels)).toEqual(expected),
    );
    expect(others).toEqual({ commands: ["BatchGetItem"], written: 0 });
    // DynamoDB Local does not count a read of a row that does not exist.
    expect([3, 5]).toContain(read);
  });

  test("are announced again after a change of their info", async () => {
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
    const { testTable, members } = await setUp();
    const agents = Array.from({ length: 30 }, (_, at) => agentOf(`c${at}`));
    await Promise.all(agents.map((agent) => members.join(agent, "rooms/1", NOW, UNTIL)));
    testTable.intercept = (name, input, next) => next(name === "Query" ? { ...input, Limit: 7 } : input);
    expect(await members.all("rooms/1")).toHaveLength(30);
  });
});

describe("a page of members", () => {
  const setUpMembers = async (count: number) => {
    const { testTable, members } = await setUp();
    const info = { name: "x".repeat(60) };
    await Promise.all(
      Array.from({ length: count }, (_, at) =>
        members.join(agentOf(`c${at}`, { userId: `user-${at}`, info }), "rooms/1", NOW, UNTIL),
      ),
    );
    return { testTable, members };
  };

  test("continues after a place, in order, and reports whether more may follow", async () => {
    const { members } = await setUpMembers(10);
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

  test("costs its own size, however many members there are", async () => {
    const { testTable, members } = await setUpMembers(200);
    const { read } = await testTable.cost(() => members.page("rooms/1", memberPlace("c7"), 20));
    expect(read).toBeLessThanOrEqual(2);
    expect((await testTable.cost(() => members.all("rooms/1"))).read).toBeGreaterThanOrEqual(8);
  });

  test("does not disclose connection ids", () => {
    expect(memberKey("rooms/1", "L0SM9cOFvHcCIhw=").sk).toMatch(/^[\w-]{22}$/);
    expect(memberPlace("c1")).not.toBe(memberPlace("c2"));
  });
});

describe("an occupied channel", () => {
  const all = async (occupancy: OccupancyTable): Promise<OccupiedChannel[]> => {
    const found: OccupiedChannel[] = [];
    for await (const each of occupancy.all(0.5)) found.push(each);
    return found;
  };

  test("is listed from before its first member, wherever the listing starts", async () => {
    const { occupancy } = await setUp();
    expect(await occupancy.read("rooms/1")).toBeUndefined();
    for (const channel of ["rooms/1", "rooms/2", "a", "b"]) await occupancy.ensure(channel, NOW);
    expect((await all(occupancy)).map(({ channel }) => channel).sort()).toEqual(["a", "b", "rooms/1", "rooms/2"]);
  });

  test("becomes occupied, and vacant, for one of several callers", async () => {
    const { occupancy } = await setUp();
    const times = async (work: () => Promise<boolean>) =>
      (await Promise.all(Array.from({ length: 5 }, work))).filter(Boolean).length;
    await occupancy.ensure("rooms/1", NOW);
    expect(await times(() => occupancy.occupy("rooms/1", NOW + 1))).toBe(1);
    expect(await occupancy.read("rooms/1")).toMatchObject({ occupied: true, since: NOW + 1 });
    expect(await times(() => occupancy.vacate("rooms/1", NOW + 2))).toBe(1);
    expect(await occupancy.read("rooms/1")).toMatchObject({ occupied: false, since: NOW + 2 });
  });

  test("has one scheduled run until it starts or its time is over", async () => {
    const { occupancy } = await setUp();
    expect(await occupancy.startRun("rooms/1")).toBeUndefined();
    expect(await occupancy.scheduleRun("rooms/1", NOW, NOW + 30_000)).toBe(true);
    expect(await occupancy.scheduleRun("rooms/1", NOW + 1, NOW + 30_001)).toBe(false);
    expect(await occupancy.startRun("rooms/1")).toMatchObject({
      channel: "rooms/1",
      occupied: false,
      since: NOW,
      runExpectedUntil: 0,
    });
    expect(await occupancy.scheduleRun("rooms/1", NOW + 1, NOW + 30_001)).toBe(true);
    expect(await occupancy.scheduleRun("rooms/1", NOW + 30_001, NOW + 60_001)).toBe(true);
  });

  test("has a count of members once it is set", async () => {
    const { testTable, occupancy } = await setUp();
    await occupancy.setCount("rooms/1", 30).catch(() => undefined);
    expect(await occupancy.read("rooms/1")).toBeUndefined();
    await occupancy.ensure("rooms/1", NOW);
    expect(await occupancy.read("rooms/1")).not.toHaveProperty("count");
    expect(await testTable.cost(() => occupancy.setCount("rooms/1", 30))).toMatchObject({ written: 1 });
    await occupancy.occupy("rooms/1", NOW);
    expect(await occupancy.startRun("rooms/1")).toMatchObject({ count: 30 });
  });

  test("is deleted only without members and without a newer run", async () => {
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

  test("is written again for a new member after half of its time", async () => {
    const { testTable, occupancy, table } = await setUp();
    await occupancy.occupy("rooms/1", NOW);
    testTable.clock.advance(12 * 60 * 60_000 + 1_000);
    expect(await occupancy.read("rooms/1")).toMatchObject({ isStale: true });
    await table.putSubscriptions(agentOf("c1", { connectedAt: testTable.clock.now() }), ["rooms/1"]);
    expect(await occupancy.read("rooms/1")).toMatchObject({ isStale: false });
  });
});

describe("the table of a deployment with presence", () => {
  test("records a member before its subscription and removes it after", async () => {
    const { testTable, members, asked, table } = await setUp();
    let subscribed = false;
    testTable.intercept = async (name, input, next) => {
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

  test("records no member for an observer, and its leave if it was one", async () => {
    const { members, asked, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1", "rooms/2"], new Set(["rooms/1"]));
    expect(await members.all("rooms/1")).toEqual([]);
    expect(await members.all("rooms/2")).toHaveLength(1);
    await table.putSubscriptions(ada, ["rooms/2"], new Set(["rooms/2"]));
    expect(await members.all("rooms/2")).toMatchObject([{ leftAt: NOW }]);
    expect(asked).toEqual(["rooms/2"]);
  });

  test("announces a renewed agent again only if its info changed", async () => {
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
