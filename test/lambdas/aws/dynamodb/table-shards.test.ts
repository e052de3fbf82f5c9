import { Table } from "../../../../lambdas/aws/dynamodb/table.js";
import { channelKeys } from "../../../../lambdas/aws/dynamodb/keys.js";
import { subscribersOf } from "../../../../lambdas/delivery/recipients.js";
import { agentOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let testTable: TestTable;
useTables((table) => (testTable = table));

const IDS = Array.from({ length: 40 }, (_, at) => `L0SM9c${String(at).padStart(4, "0")}CIhw=`);

/** The same rows, as functions of a deployment see them in which `big/*` has this number of shards. */
const withShards = (shards: number): Table =>
  new Table(testTable.client, testTable.name, testTable.clock, { "big/*": { shards } });

const subscribeAll = (table: Table, ids = IDS, channel = "big/1"): Promise<void[]> =>
  Promise.all(ids.map((id) => table.putSubscriptions(agentOf(id), [channel])));

const idsOf = async (table: Table, channel = "big/1"): Promise<string[]> =>
  (await subscribersOf(table, channel)).map(({ connectionId }) => connectionId);

const partitions = async (): Promise<string[]> => {
  const all = (await testTable.rows()).map(({ pk }) => pk?.S ?? "");
  return [...new Set(all.filter((pk) => pk.startsWith("c#")))].sort();
};

describe("a channel with shards", () => {
  // The order is that of connection ids.
  test("spreads subscribers over its partitions and returns them in order", async () => {
    const table = withShards(4);
    await subscribeAll(table);
    expect(await partitions()).toEqual(channelKeys("big/1", 4).sort());
    expect(await idsOf(table)).toEqual(IDS);
  });

  // A subscription costs the same as on any channel.
  test("costs a strongly consistent Query per shard", async () => {
    const table = withShards(4);
    expect((await testTable.cost(() => table.putSubscriptions(agentOf("c1"), ["big/1"]))).written).toBe(2);
    const from = testTable.sent.length;
    expect((await testTable.cost(() => subscribersOf(table, "big/1"))).commands).toEqual([
      "Query",
      "Query",
      "Query",
      "Query",
    ]);
    for (const { input } of testTable.sent.slice(from)) expect(input).toMatchObject({ ConsistentRead: true });
    expect((await testTable.cost(() => subscribersOf(table, "small/1"))).commands).toEqual(["Query"]);
  });

  test("is read on from behind a given subscriber", async () => {
    const table = withShards(8);
    await subscribeAll(table);
    const found: string[] = [];
    for await (const page of table.subscribers("big/1", IDS[29]))
      found.push(...page.map(({ connectionId }) => connectionId));
    expect(found).toEqual(IDS.slice(30));
  });

  test("spreads the subscribers of a wildcard, too", async () => {
    const table = withShards(4);
    await subscribeAll(table, IDS, "big/*");
    expect(await partitions()).toEqual(channelKeys("big/*", 4).sort());
    expect(await idsOf(table, "big/*")).toEqual(IDS);
  });
});

describe("a channel that gets more shards", () => {
  test("keeps its subscribers, and lists each once", async () => {
    await subscribeAll(withShards(1), IDS.slice(0, 20));
    await subscribeAll(withShards(4), IDS.slice(10, 30));
    await subscribeAll(withShards(16), IDS.slice(20));
    expect(await idsOf(withShards(16))).toEqual(IDS);
  });

  test("removes a subscriber from whatever shard it is in", async () => {
    for (const [at, shards] of [1, 2, 8].entries())
      await subscribeAll(withShards(shards), IDS.slice(10 * at, 10 * at + 20));
    const table = withShards(16);
    for (const id of IDS) await table.deleteSubscriptions(id, ["big/1"]);
    expect(await testTable.rows()).toEqual([]);
  });

  test("renews every row of an agent without creating any", async () => {
    const due = { ...agentOf("c1"), expiresAt: NOW + 60_000 };
    const renewed = { ...due, expiresAt: NOW + 3_600_000 };
    await withShards(1).putSubscriptions(due, ["big/1"]);
    await withShards(16).putSubscriptions(due, ["big/1"]);
    const before = await partitions();
    await withShards(16).renewSubscriptions(renewed, ["big/1"]);
    expect(await partitions()).toEqual(before);
    testTable.clock.advance(600_000);
    expect(await subscribersOf(withShards(16), "big/1")).toEqual([
      { connectionId: "c1", connectedAt: due.connectedAt },
    ]);
    expect(await subscribersOf(withShards(1), "big/1")).toEqual([{ connectionId: "c1", connectedAt: due.connectedAt }]);
  });
});
