import { livenessKey, memberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { infoDigest, memberPlace } from "../../../../lambdas/presence/members.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { itemSize } from "../../support/test-table.js";
import { ADA, ada, usePresenceTables } from "./presence-tables-system.js";

const setUp = usePresenceTables();

/** The figures of docs/ARCHITECTURE.md. */
describe("the cost in units", () => {
  test("of a channel without presence is zero", async () => {
    const { testTable, table } = await setUp();
    expect(await testTable.cost(() => table.putSubscriptions(ada, ["plain"]))).toMatchObject({ read: 0, written: 2 });
    expect(await testTable.cost(() => table.deleteSubscriptions("c1", ["plain"]))).toMatchObject({
      read: 0,
      written: 2,
    });
  });

  // This is in addition to the subscription. The liveness row is written once for all channels of a connection. The last
  // write is shared by all members who join together. The first member of a channel costs 1 more.
  test("of a join is 3 writes and 4 reads", async () => {
    const { testTable, occupancy, table } = await setUp();
    const subscription = { read: 0, written: 2 };
    expect(await testTable.cost(() => table.putSubscriptions(ada, ["rooms/1"]))).toMatchObject({
      read: 4,
      written: subscription.written + 4,
    });
    await occupancy.occupy("rooms/1", NOW);
    // A run is scheduled already, so its scheduling costs nothing.
    expect(await testTable.cost(() => table.putSubscriptions(agentOf("c2"), ["rooms/1"]))).toMatchObject({
      read: 4,
      written: subscription.written + 2,
    });
    await occupancy.startRun("rooms/1");
    expect(await testTable.cost(() => table.putSubscriptions(agentOf("c3"), ["rooms/1"]))).toMatchObject({
      read: 4,
      written: subscription.written + 3,
    });
  });

  test("of another channel, or another connection of a member, is less", async () => {
    const { testTable, members, occupancy, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    await occupancy.occupy("rooms/2", NOW);
    await occupancy.scheduleRun("rooms/2", NOW, NOW + 1_000);
    expect(await testTable.cost(() => table.putSubscriptions(ada, ["rooms/2"]))).toMatchObject({ read: 4, written: 3 });
    await occupancy.occupy("rooms/1", NOW);
    const [entry] = await members.all("rooms/1");
    await members.announce("rooms/1", entry!, { as: "a", at: NOW, digest: infoDigest(ada.info) });
    const second = agentOf("c2", { userId: "ada", info: { name: "Ada" } });
    expect(await testTable.cost(() => table.putSubscriptions(second, ["rooms/1"]))).toMatchObject({
      read: 3,
      written: 4,
    });
  });

  // For any number of channels.
  test("of a heartbeat is 1 write, and half a read a channel", async () => {
    const { testTable, members, liveness, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1", "rooms/2"]);
    expect(await testTable.cost(() => liveness.renew("c1", NOW))).toMatchObject({ read: 0, written: 1 });
    expect(await testTable.cost(() => members.ofConnection(ada, ["rooms/1", "rooms/2"]))).toMatchObject({
      read: 1,
      written: 0,
    });
  });

  // The second write of a leave is shared by all members who leave together.
  test("of a leave is 2 writes, 3 reads, 1 at the end", async () => {
    const { testTable, occupancy, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    await occupancy.startRun("rooms/1");
    expect(await testTable.cost(() => table.deleteSubscriptions("c1", ["rooms/1"]))).toMatchObject({
      read: 3,
      written: 4,
    });
    expect(await testTable.cost(() => table.endPresence("c1"))).toMatchObject({ read: 1, written: 1 });
    // The agent was present nowhere.
    expect(await testTable.cost(() => table.endPresence("c1"))).toMatchObject({ written: 0 });
  });

  test("of a run is 1 write, and 1 or 2 per change", async () => {
    const { testTable, members, occupancy } = await setUp();
    await members.join(ada, "rooms/1", NOW);
    await occupancy.ensure("rooms/1", NOW);
    expect(await testTable.cost(() => occupancy.startRun("rooms/1"))).toMatchObject({ written: 1 });
    const [row] = await members.all("rooms/1");
    const announcement = { as: "a", at: NOW, digest: "" };
    expect(await testTable.cost(() => members.announce("rooms/1", row!, announcement))).toMatchObject({ written: 1 });
    await members.leave("c1", ADA, "rooms/1", NOW);
    const left = { ...row!, leftAt: NOW };
    expect(await testTable.cost(() => members.beginLeaving("rooms/1", left, announcement))).toMatchObject({
      written: 1,
    });
    expect(await testTable.cost(() => members.remove("rooms/1", left))).toMatchObject({ written: 1 });
  });

  test("of a member's entry is less than 1 KB for any info", async () => {
    const { testTable, members } = await setUp();
    const userId = "\u20ac".repeat(128);
    const long = agentOf("c".repeat(16), { uuid: "u".repeat(22), userId, info: "i".repeat(254) });
    const channel = `rooms/${"x".repeat(122)}`;
    await members.join(long, channel, NOW);
    const [entry] = await members.all(channel);
    await members.announce(channel, entry!, { as: "a".repeat(22), at: NOW, digest: "d".repeat(8) });
    await members.leave(long.connectionId, memberPlace(long), channel, NOW);
    const { pk, sk } = memberKey(channel, memberPlace(long), long.connectionId);
    expect(itemSize((await testTable.row(pk, sk))!)).toBeLessThan(1024);
  });

  // 40 of them are read for one read unit, or half of one: the presence checker needs no consistent reads.
  test("of a liveness row is less than 100 bytes", async () => {
    const { testTable, liveness } = await setUp();
    const agent = agentOf("c".repeat(16));
    await liveness.begin(agent, NOW);
    const { pk, sk } = livenessKey(agent.connectionId);
    expect(itemSize((await testTable.row(pk, sk))!)).toBeLessThan(100);
  });
});
