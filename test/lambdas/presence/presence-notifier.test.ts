import { MAX_MEMBERS_PER_REPLY, notifyChannel } from "../../../lambdas/presence/presence-notifier.js";
import { MAX_FRAME_BYTES, MAX_INFO_BYTES, MAX_USER_ID_LENGTH } from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";
import { GRACE, MINUTE, setUp } from "./presence-notifier-system.js";

const identityOf = (id: string) => ({ agent: `uuid-of-${id}`, userId: id, info: { name: id } });
const memberOf = (id: string) => ({ ...identityOf(id), connections: [`uuid-of-${id}`] });

test("subscribers get each join and leave once, and servers the occupancy", async () => {
  const system = await setUp();
  const { join, leave, dependencies, receivedEvents, serverEvents, asked, clock, minute, members, occupancy } = system;
  await join("c1");
  expect(asked).toEqual(["rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()).toEqual([{ channel: "rooms/1", joined: memberOf("c1"), at: NOW }]);
  clock.advance(1_000);
  await leave("c1");
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()).toHaveLength(1);
  expect(system.wakeUps).toEqual([["rooms/1", GRACE / 1_000]]);
  clock.advance(GRACE);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()[1]).toEqual({ channel: "rooms/1", left: identityOf("c1"), at: NOW + 1_200 });
  await minute();
  expect(receivedEvents()).toHaveLength(2);
  expect(serverEvents).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1"]);
  clock.advance(MINUTE + 1);
  await minute();
  expect([members.rows.size, occupancy.rows.size]).toEqual([0, 0]);
});

test("many joins at once are sent in one frame, by one run", async () => {
  const { join, dependencies, receivedEvents, asked, connections } = await setUp();
  await Promise.all(Array.from({ length: 50 }, (_, at) => join(`c${at}`)));
  expect(asked).toEqual(["rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()).toHaveLength(50);
  expect(connections.to("listener")).toHaveLength(1);
});

test("a join while a run reads requests another run", async () => {
  const { join, dependencies, receivedEvents, asked, members } = await setUp();
  await join("c1");
  let late: Promise<void> | undefined;
  members.before = (step) => void (step === "announce" && (late ??= join("c2")));
  await notifyChannel(dependencies, "rooms/1");
  await late;
  expect(asked).toEqual(["rooms/1", "rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents().map(({ joined }) => joined?.agent)).toEqual(["uuid-of-c1", "uuid-of-c2"]);
});

describe("the number of members", () => {
  const setUpMembers = async (count: number) => {
    const system = await setUp();
    let notes = 0;
    system.occupancy.before = (step) => void (step === "setCount" && (notes += 1));
    await Promise.all(Array.from({ length: count }, (_, at) => system.join(`c${at}`)));
    await system.minute();
    return { ...system, notes: () => notes, noted: () => system.occupancy.rows.get("rooms/1")?.count };
  };

  test("is stored when it changes, if one reply may not hold them", async () => {
    const system = await setUpMembers(MAX_MEMBERS_PER_REPLY + 2);
    const { notes, noted } = system;
    const minute = () => (system.clock.advance(MINUTE), system.minute());
    const { leave } = system;
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

  test("is not stored for few members", async () => {
    expect((await setUpMembers(MAX_MEMBERS_PER_REPLY)).notes()).toBe(0);
  });

  test("up to MAX_MEMBERS_PER_REPLY always fits a reply", () => {
    const largest = {
      agent: "x".repeat(22),
      userId: "\u0001".repeat(MAX_USER_ID_LENGTH),
      info: "x".repeat(MAX_INFO_BYTES - 2),
    };
    expect(MAX_MEMBERS_PER_REPLY * (JSON.stringify(largest).length + 1)).toBeLessThan(MAX_FRAME_BYTES - 1_024);
  });
});

describe("a member that leaves and joins again", () => {
  test("within the grace causes no event", async () => {
    const { join, leave, dependencies, presentMembers, clock, receivedEvents, asked } = await setUp();
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    await leave("c1");
    await notifyChannel(dependencies, "rooms/1");
    clock.advance(GRACE - 1_000);
    const runs = asked.length;
    await join("c1");
    expect(asked).toHaveLength(runs);
    clock.advance(GRACE);
    await notifyChannel(dependencies, "rooms/1");
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
    expect(receivedEvents()).toHaveLength(1);
  });

  test("during the run that announces its leave joins with a later time", async () => {
    const { join, leave, dependencies, presentMembers, receivedEvents, members, clock } = await setUp();
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    clock.advance(10);
    await leave("c1");
    clock.advance(GRACE);
    let again: Promise<void> | undefined;
    members.before = async (step) => {
      if (step !== "remove" || again) return;
      clock.advance(10);
      again = join("c1");
      await again;
    };
    await notifyChannel(dependencies, "rooms/1");
    await notifyChannel(dependencies, "rooms/1");
    // The leave may come twice, with the same uuid.
    const [joined, left, same, rejoined] = receivedEvents();
    expect([joined?.joined, left?.left, rejoined?.joined]).toEqual([memberOf("c1"), identityOf("c1"), memberOf("c1")]);
    expect(same).toEqual(left);
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
  });

  test("just before the leave is recorded has not left", async () => {
    const { join, leave, dependencies, presentMembers, receivedEvents, members, clock } = await setUp();
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    await leave("c1");
    clock.advance(GRACE);
    members.before = async (step) => {
      if (step !== "beginLeaving") return;
      members.before = () => undefined;
      await join("c1");
    };
    await notifyChannel(dependencies, "rooms/1");
    await notifyChannel(dependencies, "rooms/1");
    expect(receivedEvents()).toHaveLength(1);
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
  });
});

describe("a user with two connections", () => {
  const two = async () => {
    const system = await setUp();
    const agents = ["c1", "c2"].map((id) => agentOf(id, { userId: "ada", info: "there" }));
    const join = async (at: number) => {
      await system.recorder.join(agents[at]!, ["rooms/1"]);
      await system.recorder.announceJoins(agents[at]!, ["rooms/1"]);
    };
    const run = () => notifyChannel(system.dependencies, "rooms/1");
    await join(0);
    await run();
    return { ...system, agents, join, run };
  };

  test("is one member, and its second connection starts no run", async () => {
    const { join, run, asked, receivedEvents, minute } = await two();
    const runs = asked.length;
    await join(1);
    expect(asked).toHaveLength(runs);
    await run();
    expect(receivedEvents()).toHaveLength(1);
    expect(await minute()).toBe(0);
  });

  test("has not left while one is there, and keeps its id", async () => {
    const { join, leave, run, minute, asked, receivedEvents, members, clock } = await two();
    await join(1);
    const runs = asked.length;
    await leave("c1");
    expect(asked).toHaveLength(runs);
    clock.advance(MINUTE);
    await minute();
    expect(members.at("rooms/1", "c1")).toBeUndefined();
    expect(members.at("rooms/1", "c2")).toMatchObject({ announced: { as: "uuid-of-c1" } });
    expect(receivedEvents()).toHaveLength(1);
    await leave("c2");
    clock.advance(GRACE);
    await run();
    expect(receivedEvents().map(({ left }) => left)).toEqual([
      undefined,
      { agent: "uuid-of-c1", userId: "ada", info: "there" },
    ]);
  });

  test("is announced with the info that was set last", async () => {
    const { recorder, agents, join, run, receivedEvents, clock } = await two();
    await join(1);
    clock.advance(10);
    await recorder.describe({ ...agents[1]!, info: "busy" }, ["rooms/1"]);
    await run();
    expect(receivedEvents().at(-1)).toMatchObject({
      joined: { agent: "uuid-of-c1", info: "busy", connections: ["uuid-of-c1", "uuid-of-c2"] },
    });
  });

  test("that two runs announced under two ids keeps one of them", async () => {
    const { members, join, run, presentMembers, minute } = await two();
    await join(1);
    const second = members.at("rooms/1", "c2")!;
    await members.announce("rooms/1", second, { as: "uuid-of-c2", at: NOW + 9_000, digest: "x" });
    await run();
    await minute();
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
    expect(members.at("rooms/1", "c2")?.announced?.as).toBe("uuid-of-c1");
  });
});

describe("an entry of version 0.2.0", () => {
  test("leaves when its lease is over and was not renewed", async () => {
    const { members, occupancy, minute, presentMembers, receivedEvents, clock } = await setUp();
    const announced = { as: "uuid-of-c1", at: NOW, digest: "" };
    members.putOld("rooms/1", agentOf("c1"), { announced, until: NOW + MINUTE });
    await occupancy.ensure("rooms/1", NOW);
    await minute();
    expect(receivedEvents()).toEqual([]);
    clock.advance(MINUTE);
    await minute();
    clock.advance(GRACE);
    await minute();
    expect(receivedEvents()).toMatchObject([{ left: { agent: "uuid-of-c1" } }]);
    expect([presentMembers(), members.rows.size]).toEqual([[], 0]);
  });

  test("is deleted without an event once it was replaced", async () => {
    const { members, occupancy, minute, receivedEvents, clock } = await setUp();
    const announced = { as: "uuid-of-c1", at: NOW, digest: "" };
    members.putOld("rooms/1", agentOf("c1"), { announced });
    await occupancy.ensure("rooms/1", NOW);
    await members.move(agentOf("c1"), "rooms/1", members.at("rooms/1", "c1")!, NOW);
    await minute();
    clock.advance(10 * MINUTE);
    await minute();
    expect(receivedEvents()).toEqual([]);
    expect([...members.rows.values()]).toMatchObject([{ agent: "uuid-of-c1", announced }]);
  });
});

test("a member with new info is sent again with it", async () => {
  const { join, dependencies, recorder, receivedEvents, clock } = await setUp();
  await join("c1");
  await notifyChannel(dependencies, "rooms/1");
  clock.advance(10);
  await recorder.describe(agentOf("c1", { userId: "c1", info: "busy" }), ["rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents().map(({ joined }) => joined?.info)).toEqual([{ name: "c1" }, "busy"]);
  expect(receivedEvents()[1]!.at).toBeGreaterThan(receivedEvents()[0]!.at);
});

test("concurrent runs send equal uuids, and server events once", async () => {
  const { join, leave, dependencies, connections, serverEvents, minute, clock } = await setUp();
  await join("c1");
  await Promise.all([notifyChannel(dependencies, "rooms/1"), minute()]);
  await leave("c1");
  clock.advance(GRACE);
  await Promise.all([notifyChannel(dependencies, "rooms/1"), minute()]);
  const uuids = (connections.received("listener") as { uuid: string }[]).map(({ uuid }) => uuid);
  expect(new Set(uuids).size).toBe(2);
  expect(serverEvents).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1"]);
});

test("a join while a run finds the channel empty is sent too", async () => {
  const { join, leave, dependencies, serverEvents, presentMembers, occupancy, recorder, clock } = await setUp();
  await join("c1");
  await notifyChannel(dependencies, "rooms/1");
  await leave("c1");
  clock.advance(GRACE);
  // It saw that the channel is occupied, and died before it requested a run.
  occupancy.before = async (step) => {
    if (step !== "vacate") return;
    occupancy.before = () => undefined;
    await recorder.join(agentOf("c2"), ["rooms/1"]);
  };
  await notifyChannel(dependencies, "rooms/1");
  expect(presentMembers()).toEqual(["uuid-of-c2"]);
  expect(serverEvents).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1", "Channel Occupied rooms/1"]);
});

test("delivery guards do not run for presence events", async () => {
  const { join, dependencies, receivedEvents } = await setUp();
  const guards = { ...dependencies.guards, guardsDelivery: async () => true, delivery: async () => undefined };
  await join("c1");
  await notifyChannel({ ...dependencies, guards }, "rooms/1");
  expect(receivedEvents()).toHaveLength(1);
});
