import type { OccupancyTable } from "../../../../lambdas/aws/dynamodb/occupancy-table.js";
import { memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import type { Agent } from "../../../../lambdas/connection/agent.js";
import { memberPlace } from "../../../../lambdas/presence/members.js";
import type { OccupiedChannel } from "../../../../lambdas/presence/occupancy.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { ADA, ada, usePresenceTables } from "./presence-tables-system.js";

const setUp = usePresenceTables();

const announcement = { as: "uuid-of-c1", at: NOW, digest: "d" };

describe("the members of a channel", () => {
  const row = {
    place: memberKey("rooms/1", ADA, "c1").sk,
    connectionId: "c1",
    agent: "uuid-of-c1",
    userId: "ada",
    info: { name: "Ada" },
    since: NOW,
    changedAt: NOW,
  };

  test("are listed with their public info until they are deleted", async () => {
    const { testTable, members } = await setUp();
    await members.join(ada, "rooms/1", NOW);
    await members.join(agentOf("c2"), "rooms/1", NOW);
    const other = { connectionId: "c2", agent: "uuid-of-c2", since: NOW, changedAt: NOW };
    const all = await members.all("rooms/1");
    expect(all).toHaveLength(2);
    expect(all).toEqual(expect.arrayContaining([row, { ...other, place: expect.any(String) }]));
    expect(await members.leave("c1", ADA, "rooms/1", NOW + 1)).toBe(true);
    expect(await members.leave("c1", ADA, "rooms/1", NOW + 2)).toBe(false);
    const [gone] = await members.ofMember("rooms/1", ADA);
    expect(gone).toEqual({ ...row, leftAt: NOW + 1 });
    await members.remove("rooms/1", gone!);
    expect(await testTable.row("p#rooms/1", row.place)).toBeUndefined();
    expect(await members.leave("c1", ADA, "rooms/1", NOW + 3)).toBe(false);
  });

  test("keep their entry and announcement when they join again", async () => {
    const { members } = await setUp();
    await members.join(ada, "rooms/1", NOW);
    await members.announce("rooms/1", row, announcement);
    await members.leave("c1", ADA, "rooms/1", NOW + 5);
    const left = { ...row, leftAt: NOW + 5 };
    await members.join(ada, "rooms/1", NOW + 6);
    expect(await members.beginLeaving("rooms/1", left, announcement)).toBe(false);
    await members.remove("rooms/1", left);
    expect(await members.all("rooms/1")).toEqual([{ ...row, changedAt: NOW + 6, announced: announcement }]);
  });

  test("lose their announcement when their leave begins", async () => {
    const { members } = await setUp();
    await members.join(ada, "rooms/1", NOW);
    await members.announce("rooms/1", row, announcement);
    await members.leave("c1", ADA, "rooms/1", NOW + 5);
    const leaving = { as: "uuid-of-c1", at: NOW + 5 };
    expect(await members.beginLeaving("rooms/1", { ...row, leftAt: NOW + 5 }, leaving)).toBe(true);
    await members.join(ada, "rooms/1", NOW + 6);
    expect(await members.all("rooms/1")).toEqual([{ ...row, changedAt: NOW + 6, leaving }]);
    await members.endLeaving("rooms/1", { ...row, leaving });
    expect(await members.all("rooms/1")).toEqual([{ ...row, changedAt: NOW + 6 }]);
  });

  test("stay if they joined after a connection was found silent", async () => {
    const { members } = await setUp();
    await members.join(ada, "rooms/1", NOW + 2);
    expect(await members.leave("c1", ADA, "rooms/1", NOW + 3, NOW + 1)).toBe(false);
    expect(await members.leave("c1", ADA, "rooms/1", NOW + 3, NOW + 2)).toBe(true);
  });

  test("are found by connection with one request for all channels", async () => {
    const { testTable, members } = await setUp();
    for (const channel of ["rooms/1", "rooms/2"]) await members.join(ada, channel, NOW);
    await members.join(agentOf("c2", { userId: "ada" }), "rooms/3", NOW);
    const { read, ...others } = await testTable.cost(async () =>
      expect([...(await members.ofConnection(ada, ["rooms/1", "rooms/2", "rooms/3"])).keys()].sort()).toEqual([
        "rooms/1",
        "rooms/2",
      ]),
    );
    expect(others).toEqual({ commands: ["BatchGetItem"], written: 0 });
    // DynamoDB Local does not count a read of a row that does not exist.
    expect([1, 1.5]).toContain(read);
  });

  test("have the info of their last change", async () => {
    const { members } = await setUp();
    await members.describe(ada, "rooms/1", NOW);
    expect(await members.all("rooms/1")).toEqual([]);
    await members.join(ada, "rooms/1", NOW);
    const { info: _info, ...bare } = ada;
    await members.describe(bare, "rooms/1", NOW + 1);
    const { info: _other, ...others } = row;
    expect(await members.all("rooms/1")).toEqual([{ ...others, changedAt: NOW + 1 }]);
  });

  test("of one user are together, apart from sessions of that name", () => {
    const place = (more: Partial<Agent>) => memberPlace({ uuid: "a", ...more });
    expect(place({ userId: "ada", session: "s" })).toBe(place({ userId: "ada", uuid: "b" }));
    expect(place({ session: "s", uuid: "b" })).toBe(place({ session: "s" }));
    expect(new Set([place({}), place({ session: "a" }), place({ userId: "a" })]).size).toBe(3);
  });

  test("are all read, however many pages there are", async () => {
    const { testTable, members } = await setUp();
    const agents = Array.from({ length: 30 }, (_, at) => agentOf(`c${at}`));
    await Promise.all(agents.map((agent) => members.join(agent, "rooms/1", NOW)));
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
        members.join(agentOf(`c${at}`, { userId: `user-${at}`, info }), "rooms/1", NOW),
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
      places.push(...page.entries.map(({ place }) => place));
      ({ more } = page);
    }
    expect(places).toEqual([...places].sort());
    expect(new Set(places).size).toBe(10);
    expect((await members.page("rooms/1", undefined, 11)).more).toBe(false);
  });

  test("costs its own size, however many members there are", async () => {
    const { testTable, members } = await setUpMembers(200);
    const { read } = await testTable.cost(() => members.page("rooms/1", memberPlace({ uuid: "c7" }), 20));
    expect(read).toBeLessThanOrEqual(2);
    expect((await testTable.cost(() => members.all("rooms/1"))).read).toBeGreaterThanOrEqual(8);
  });

  test("does not disclose connection ids", () => {
    expect(memberKey("rooms/1", ADA, "L0SM9cOFvHcCIhw=").sk).toMatch(/^[\w-]{22}#[\w-]{22}$/);
    expect(ADA).not.toContain("ada");
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

  test("has one wake-up until its time is over", async () => {
    const { occupancy } = await setUp();
    expect(await occupancy.scheduleWakeUp("rooms/1", NOW, NOW + 5_000)).toBe(true);
    expect(await occupancy.scheduleWakeUp("rooms/1", NOW + 1, NOW + 5_001)).toBe(false);
    expect(await occupancy.read("rooms/1")).toMatchObject({ wakeUpAt: NOW + 5_000 });
    expect(await occupancy.scheduleWakeUp("rooms/1", NOW + 5_000, NOW + 9_000)).toBe(true);
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
    const states: unknown[] = [];
    testTable.intercept = async (name, input, next) => {
      if (name === "BatchWriteItem")
        states.push((await members.all("rooms/1")).map(({ leftAt }) => leftAt !== undefined));
      return next(input);
    };
    await table.putSubscriptions(ada, ["rooms/1", "plain", "rooms/*"]);
    await table.deleteSubscriptions("c1", ["rooms/1", "plain", "rooms/*"]);
    // The agent's own rows, those of the channels; and both again, while it is still a member.
    expect(states).toEqual([[], [false], [false], [false]]);
    expect(asked).toEqual(["rooms/1"]);
    expect(await members.all("rooms/1")).toMatchObject([{ leftAt: NOW }]);
  });

  test("records a leave before an ended agent's last rows are deleted", async () => {
    const { testTable, members, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    let writes = 0;
    testTable.intercept = async (name, input, next) => {
      if (name === "BatchWriteItem" && (writes += 1) === 2) throw new Error("killed");
      return next(input);
    };
    await expect(table.deleteSubscriptions("c1", ["rooms/1"], "own last")).rejects.toThrow("killed");
    expect(await members.all("rooms/1")).toMatchObject([{ leftAt: NOW }]);
    expect((await table.connectionSubscriptions("c1")).channels).toEqual(["rooms/1"]);
  });

  test("takes a join back although the agent's liveness row is gone", async () => {
    const { members, liveness, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    await liveness.end("c1");
    await table.deleteSubscriptions("c1", ["rooms/1"]);
    expect(await members.all("rooms/1")).toMatchObject([{ leftAt: NOW }]);
  });

  test("records no member for an observer, and a member's leave", async () => {
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
    await occupancy.startRun("rooms/1");
    const renewed = await table.renewAgent(ada, ada);
    expect(asked).toHaveLength(1);
    await table.renewAgent({ ...renewed!, info: "busy" }, renewed!);
    expect(asked).toHaveLength(2);
    expect(await members.all("rooms/1")).toMatchObject([{ info: "busy" }]);
  });
});
