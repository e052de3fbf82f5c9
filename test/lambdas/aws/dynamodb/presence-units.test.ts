import { memberPlace } from "../../../../lambdas/presence/members.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { itemSize } from "../../support/test-table.js";
import { ada, UNTIL, usePresenceTables } from "./presence-tables-system.js";

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

  // This is in addition to the subscription. The last write is shared by all members who join together. The first
  // member of a channel costs 1 more.
  test("of a join is 2 writes and 2 reads", async () => {
    const { testTable, occupancy, table } = await setUp();
    const subscription = { read: 0, written: 2 };
    expect(await testTable.cost(() => table.putSubscriptions(ada, ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 3,
    });
    await occupancy.occupy("rooms/1", NOW);
    // A run is scheduled already, so its scheduling costs nothing.
    expect(await testTable.cost(() => table.putSubscriptions(agentOf("c2"), ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 1,
    });
    await occupancy.startRun("rooms/1");
    expect(await testTable.cost(() => table.putSubscriptions(agentOf("c3"), ["rooms/1"]))).toMatchObject({
      read: 2,
      written: subscription.written + 2,
    });
  });

  // The second write of a leave is shared by all members who leave together.
  test("of a renewal is 1 write; of a leave 2 (1 read)", async () => {
    const { testTable, members, occupancy, table } = await setUp();
    await table.putSubscriptions(ada, ["rooms/1"]);
    expect(await testTable.cost(() => members.renew("c1", "rooms/1", NOW, UNTIL))).toMatchObject({
      read: 0,
      written: 1,
    });
    await occupancy.startRun("rooms/1");
    expect(await testTable.cost(() => table.deleteSubscriptions("c1", ["rooms/1"]))).toMatchObject({
      read: 1,
      written: 4,
    });
  });

  test("of a run is 1 write, and 1 per join or leave", async () => {
    const { testTable, members, occupancy } = await setUp();
    await members.join(ada, "rooms/1", NOW, UNTIL);
    await occupancy.ensure("rooms/1", NOW);
    expect(await testTable.cost(() => occupancy.startRun("rooms/1"))).toMatchObject({ written: 1 });
    const [row] = await members.all("rooms/1");
    expect(await testTable.cost(() => members.markAnnounced("rooms/1", row!))).toMatchObject({ written: 1 });
    await members.leave("c1", "rooms/1", NOW);
    expect(await testTable.cost(() => members.remove("rooms/1", { ...row!, leftAt: NOW }))).toMatchObject({
      written: 1,
    });
  });

  test("of a member's row is less than 1 KB for any info", async () => {
    const { testTable, members } = await setUp();
    const long = agentOf("c".repeat(16), { uuid: "u".repeat(22), userId: "\u20ac".repeat(128), info: "i".repeat(254) });
    const channel = `rooms/${"x".repeat(122)}`;
    await members.join(long, channel, NOW, UNTIL);
    await members.markAnnounced(channel, (await members.all(channel))[0]!);
    await members.leave(long.connectionId, channel, NOW);
    expect(itemSize((await testTable.row(`p#${channel}`, memberPlace(long.connectionId)))!)).toBeLessThan(1024);
  });
});
