import { LATEST_SECONDS, LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { messageOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let it: TestTable;
let latest: LatestTable;

const engine = useTables((table) => {
  it = table;
  latest = new LatestTable({ client: it.client, name: it.name }, it.clock);
});

const numbered = (offset: number, data = "hello", channel = "a") => ({ ...messageOf(channel, data), offset });

describe("a channel's last message", () => {
  test("is the one that was kept last, and says where it stands", async () => {
    expect(await latest.keep(messageOf("a", "one"), 1)).toBe(NOW + 1);
    it.clock.advance(5_000);
    expect(await latest.keep(messageOf("a", "two"), 3)).toBe(NOW + 4);
    expect([...(await latest.read(["a", "b"]))]).toEqual([["a", numbered(NOW + 4, "two")]]);
  });

  test("is numbered higher than any before, also where the row was lost", async () => {
    const before = await latest.keep(messageOf("a"), 25);
    const lost = await engine.table();
    lost.clock.advance(1_000);
    const again = new LatestTable({ client: lost.client, name: lost.name }, lost.clock);
    expect(await again.keep(messageOf("a"), 1)).toBeGreaterThan(before);
  });

  test("has a number of its own, whoever keeps one at the same time", async () => {
    const offsets = await Promise.all(Array.from({ length: 20 }, (_, at) => latest.keep(messageOf("a", at), 1)));
    expect(new Set(offsets).size).toBe(20);
    const newest = offsets.indexOf(Math.max(...offsets));
    expect((await latest.read(["a"])).get("a")?.data).toBe(newest);
  });

  test("is over 24 hours after the last publication, whether or not DynamoDB has deleted it", async () => {
    await latest.keep(messageOf("a"), 1);
    it.clock.advance((LATEST_SECONDS - 1) * 1000);
    expect((await latest.read(["a"])).size).toBe(1);
    await latest.keep(messageOf("a"), 1);
    it.clock.advance((LATEST_SECONDS - 1) * 1000);
    expect((await latest.read(["a"])).size).toBe(1);
    it.clock.advance(1_000);
    expect((await latest.read(["a"])).size).toBe(0);
  });

  test("is any JSON, on any channel", async () => {
    const values = [null, false, 0, "größe", { nested: [1, { x: null }] }];
    const channels = values.map((_, at) => `/v/${at}`);
    for (const [at, data] of values.entries()) await latest.keep(messageOf(channels[at]!, data), 1);
    const read = await latest.read(channels);
    expect(channels.map((channel) => read.get(channel)?.data)).toEqual(values);
  });

  test("is read strongly consistently, more than a batch of them too", async () => {
    const channels = Array.from({ length: 120 }, (_, at) => `c${at}`);
    await Promise.all(channels.map((channel) => latest.keep(messageOf(channel), 1)));
    expect((await latest.read(channels)).size).toBe(120);
    const reads = it.sent.filter(({ name }) => name === "BatchGetItem");
    expect(reads).toHaveLength(2);
    for (const { input } of reads)
      expect((input["RequestItems"] as Record<string, unknown>)[it.name]).toMatchObject({ ConsistentRead: true });
  });
});
