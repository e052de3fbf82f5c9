import { LingerTable } from "../../../../lambdas/aws/dynamodb/linger-table.js";
import { messageOf, NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let testTable: TestTable;
let lingering: LingerTable;

useTables((table) => {
  testTable = table;
  lingering = new LingerTable(testTable, testTable.clock);
});

const entry = (id: string, data = "größe", more: { except?: string; ephemeral?: true } = {}) => ({
  id,
  message: { ...messageOf("a", data, `m${id}`), at: NOW },
  ...more,
});
const collect = async (all: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = [];
  for await (const one of all) found.push(one);
  return found.sort();
};

describe("the log of a channel", () => {
  test("returns its own entries in the order of ids, without removed ones", async () => {
    await lingering.append([
      entry("2"),
      entry("3", "x", { except: "c1", ephemeral: true }),
      entry("1"),
      { id: "1", message: messageOf("b") },
    ]);
    expect(await lingering.waiting("a")).toEqual({
      entries: [entry("1"), entry("2"), entry("3", "x", { except: "c1", ephemeral: true })],
      more: false,
    });
    await lingering.remove([entry("1"), entry("3"), entry("never")]);
    expect((await lingering.waiting("a")).entries).toEqual([entry("2")]);
    expect((await lingering.waiting("b")).entries).toHaveLength(1);
  });

  test("is returned in parts above a megabyte, oldest first", async () => {
    const entries = Array.from({ length: 40 }, (_, at) => entry(String(at).padStart(3, "0"), "x".repeat(32_000)));
    await lingering.append(entries);
    const first = await lingering.waiting("a");
    expect(first.more).toBe(true);
    await lingering.remove(first.entries);
    const second = await lingering.waiting("a");
    expect(second.more).toBe(false);
    expect([...first.entries, ...second.entries].map(({ id }) => id)).toEqual(entries.map(({ id }) => id));
  });
});

describe("a lease", () => {
  const lease = (owner: string, until = NOW + 1_000, channel = "a") => ({ channel, owner, until });

  test("has one owner until it ends, and only the owner renews it", async () => {
    expect(await lingering.heldUntil("a")).toBeUndefined();
    expect(await lingering.acquireLease(lease("one"))).toBe(true);
    expect(await lingering.acquireLease(lease("two"))).toBe(false);
    expect(await lingering.acquireLease(lease("one", NOW + 2_000))).toBe(true);
    expect(await lingering.heldUntil("a")).toBe(NOW + 2_000);
    testTable.clock.advance(1_999);
    expect(await lingering.acquireLease(lease("two", NOW + 9_000))).toBe(false);
    testTable.clock.advance(1);
    expect(await lingering.acquireLease(lease("two", NOW + 9_000))).toBe(true);
    expect(await lingering.acquireLease(lease("one", NOW + 9_000))).toBe(false);
  });

  test("is acquired by only one of many", async () => {
    const held = await Promise.all(Array.from({ length: 20 }, (_, at) => lingering.acquireLease(lease(`owner${at}`))));
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  test("passes once to a caller that names the previous owner", async () => {
    await lingering.acquireLease(lease("publisher"));
    expect(await lingering.acquireLease(lease("run"), "publisher")).toBe(true);
    expect(await lingering.acquireLease(lease("other run"), "publisher")).toBe(false);
  });

  // The sweep finds it until then. Another owner's lease is neither released nor deleted.
  test("that is released is free, and stays until its owner deletes it", async () => {
    await lingering.acquireLease(lease("one"));
    await lingering.releaseLease("a", "two");
    expect(await lingering.heldUntil("a")).toBe(NOW + 1_000);
    await lingering.deleteLease("a", "one");
    expect(await lingering.heldUntil("a")).toBe(NOW + 1_000);
    await lingering.releaseLease("a", "one");
    expect([await lingering.heldUntil("a"), await collect(lingering.expiredLeases())]).toEqual([0, ["a"]]);
    await lingering.acquireLease(lease("two"));
    await lingering.deleteLease("a", "one");
    expect(await lingering.heldUntil("a")).toBe(NOW + 1_000);
    await lingering.releaseLease("a", "two");
    await lingering.deleteLease("a", "two");
    expect(await testTable.rows()).toEqual([]);
  });

  test("is found by the sweep after its end, in any partition", async () => {
    const channels = Array.from({ length: 40 }, (_, at) => `c${String(at).padStart(2, "0")}`);
    for (const [at, channel] of channels.entries())
      await lingering.acquireLease(lease("one", at % 2 ? NOW + 10_000 : NOW + 10, channel));
    testTable.clock.advance(10);
    expect(await collect(lingering.expiredLeases())).toEqual(channels.filter((_, at) => at % 2 === 0));
    expect(new Set((await testTable.rows()).map(({ pk }) => pk?.S)).size).toBeGreaterThan(4);
  });
});

test("every read is strongly consistent", async () => {
  await lingering.waiting("a");
  await lingering.heldUntil("a");
  await collect(lingering.expiredLeases());
  for (const { input } of testTable.sent) expect(input).toMatchObject({ ConsistentRead: true });
});
