import { MAX_MEMBERS_PER_REPLY, notifyChannel } from "../../../lambdas/presence/presence-notifier.js";
import { MAX_FRAME_BYTES, MAX_INFO_BYTES, MAX_USER_ID_LENGTH } from "../../../protocol/index.js";
import { agentOf, NOW } from "../support/fakes.js";
import { LEASE, MINUTE, setUp } from "./presence-notifier-system.js";

const memberOf = (id: string) => ({ agent: `uuid-of-${id}`, userId: id, info: { name: id } });

test("subscribers get each join and leave once, and servers the occupancy", async () => {
  const { join, leave, dependencies, receivedEvents, serverEvents, asked, clock, minute, members, occupancy } =
    await setUp();
  await join("c1");
  expect(asked).toEqual(["rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()).toEqual([{ channel: "rooms/1", joined: memberOf("c1"), at: NOW }]);
  clock.advance(1_000);
  await leave("c1");
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents()[1]).toEqual({ channel: "rooms/1", left: memberOf("c1"), at: NOW + 1_200 });
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
  members.before = (step) => void (step === "markAnnounced" && (late ??= join("c2")));
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
    const { leave, minute, notes, noted } = await setUpMembers(MAX_MEMBERS_PER_REPLY + 2);
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

describe("a member without a renewal for a lease", () => {
  test("leaves, unlike a member that renews", async () => {
    const { join, minute, presentMembers, clock, members } = await setUp();
    await join("c1");
    await join("c2");
    await minute();
    clock.advance(LEASE - 1);
    await members.renew("c2", "rooms/1", clock.now(), clock.now() + LEASE);
    await minute();
    expect(presentMembers()).toEqual(["uuid-of-c1", "uuid-of-c2"]);
    clock.advance(1);
    await minute();
    expect(presentMembers()).toEqual(["uuid-of-c2"]);
    expect(await members.renew("c1", "rooms/1", clock.now(), clock.now() + LEASE)).toBe(false);
  });

  test("stays if it renews by a late clock before its run", async () => {
    const { join, minute, presentMembers, clock, members } = await setUp();
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
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
  });
});

describe("a member that leaves and joins again", () => {
  test("during a run joins with a later time", async () => {
    const { join, leave, dependencies, presentMembers, receivedEvents, members, clock } = await setUp();
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    clock.advance(10);
    await leave("c1");
    let again: Promise<void> | undefined;
    members.before = async (step) => {
      if (step !== "remove" || again) return;
      clock.advance(10);
      again = join("c1");
      await again;
    };
    await notifyChannel(dependencies, "rooms/1");
    await notifyChannel(dependencies, "rooms/1");
    expect(receivedEvents().map(({ joined }) => Boolean(joined))).toEqual([true, false, true]);
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
  });

  test("before its leave was sent causes only a second join event", async () => {
    const { join, leave, dependencies, presentMembers, clock, receivedEvents } = await setUp();
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    clock.advance(10);
    await leave("c1");
    clock.advance(10);
    await join("c1");
    await notifyChannel(dependencies, "rooms/1");
    expect(presentMembers()).toEqual(["uuid-of-c1"]);
    expect(receivedEvents().map(({ joined }) => Boolean(joined))).toEqual([true, true]);
  });
});

test("a member with new info is sent again with it", async () => {
  const { join, dependencies, recorder, receivedEvents, clock } = await setUp();
  await join("c1");
  await notifyChannel(dependencies, "rooms/1");
  clock.advance(10);
  await recorder.describe(agentOf("c1", { info: "busy" }), ["rooms/1"]);
  await notifyChannel(dependencies, "rooms/1");
  expect(receivedEvents().map(({ joined }) => joined?.info)).toEqual([{ name: "c1" }, "busy"]);
  expect(receivedEvents()[1]!.at).toBeGreaterThan(receivedEvents()[0]!.at);
});

test("concurrent runs send equal uuids, and server events once", async () => {
  const { join, leave, dependencies, connections, serverEvents, minute } = await setUp();
  await join("c1");
  await Promise.all([notifyChannel(dependencies, "rooms/1"), minute()]);
  await leave("c1");
  await Promise.all([notifyChannel(dependencies, "rooms/1"), minute()]);
  const uuids = (connections.received("listener") as { uuid: string }[]).map(({ uuid }) => uuid);
  expect(new Set(uuids).size).toBe(2);
  expect(serverEvents).toEqual(["Channel Occupied rooms/1", "Channel Vacated rooms/1"]);
});

test("a join while a run finds the channel empty is sent too", async () => {
  const { join, leave, dependencies, serverEvents, presentMembers, occupancy, recorder } = await setUp();
  await join("c1");
  await notifyChannel(dependencies, "rooms/1");
  await leave("c1");
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
