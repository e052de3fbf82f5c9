import { LATEST_SECONDS, LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { messageOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let testTable: TestTable;
let latest: LatestTable;

const engine = useTables((table) => {
  testTable = table;
  latest = new LatestTable({ client: testTable.client, name: testTable.name }, testTable.clock);
});

const accepted = (data: string) => ({ ...messageOf("a", data), at: NOW });

describe("a channel's last message", () => {
  test("is the message that was kept last, with its offset", async () => {
    expect(await latest.keep(messageOf("a", "one"), 1)).toBe(NOW + 1);
    testTable.clock.advance(5_000);
    expect(await latest.keep(accepted("two"), 3)).toBe(NOW + 4);
    expect([...(await latest.read(["a", "b"]))]).toEqual([["a", { ...accepted("two"), offset: NOW + 4 }]]);
  });

  test("gets a higher offset than all before, even after a data loss", async () => {
    const before = await latest.keep(messageOf("a"), 25);
    const lost = await engine.table();
    lost.clock.advance(1_000);
    const again = new LatestTable({ client: lost.client, name: lost.name }, lost.clock);
    expect(await again.keep(messageOf("a"), 1)).toBeGreaterThan(before);
  });

  test("gets its own offset, even if kept concurrently", async () => {
    const offsets = await Promise.all(Array.from({ length: 20 }, (_, at) => latest.keep(messageOf("a", at), 1)));
    expect(new Set(offsets).size).toBe(20);
    const newest = offsets.indexOf(Math.max(...offsets));
    expect((await latest.read(["a"])).get("a")?.data).toBe(newest);
  });

  // It does not matter whether DynamoDB has deleted the row by then.
  test("expires 24 hours after the last publication", async () => {
    await latest.keep(messageOf("a"), 1);
    testTable.clock.advance((LATEST_SECONDS - 1) * 1000);
    expect((await latest.read(["a"])).size).toBe(1);
    await latest.keep(messageOf("a"), 1);
    testTable.clock.advance((LATEST_SECONDS - 1) * 1000);
    expect((await latest.read(["a"])).size).toBe(1);
    testTable.clock.advance(1_000);
    expect((await latest.read(["a"])).size).toBe(0);
  });

  test("may be any JSON, on any channel", async () => {
    const values = [null, false, 0, "größe", { nested: [1, { x: null }] }];
    const channels = values.map((_, at) => `/v/${at}`);
    for (const [at, data] of values.entries()) await latest.keep(messageOf(channels[at]!, data), 1);
    const read = await latest.read(channels);
    expect(channels.map((channel) => read.get(channel)?.data)).toEqual(values);
  });

  test("is read strongly consistently, in batches", async () => {
    const channels = Array.from({ length: 120 }, (_, at) => `c${at}`);
    await Promise.all(channels.map((channel) => latest.keep(messageOf(channel), 1)));
    expect((await latest.read(channels)).size).toBe(120);
    const reads = testTable.sent.filter(({ name }) => name === "BatchGetItem");
    expect(reads).toHaveLength(2);
    for (const { input } of reads)
      expect((input["RequestItems"] as Record<string, unknown>)[testTable.name]).toMatchObject({
        ConsistentRead: true,
      });
  });
});
