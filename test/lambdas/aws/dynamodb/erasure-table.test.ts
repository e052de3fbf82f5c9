import { ErasureTable } from "../../../../lambdas/aws/dynamodb/erasure-table.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

const KEEP = { size: 100, seconds: 3_600 };

let testTable: TestTable;
let histories: HistoryTable;
let erasure: ErasureTable;

useTables((table) => {
  testTable = table;
  histories = new HistoryTable(testTable, testTable.clock, 900);
  erasure = new ErasureTable(testTable, testTable.clock);
});

const put = (channel: string, epoch: string, offset: number, userId?: string) =>
  histories.put(
    channel,
    epoch,
    { offset, at: NOW, message: { uuid: `m${offset}`, data: "secret" }, ...(userId !== undefined && { userId }) },
    KEEP,
  );

describe("a message", () => {
  test("can be deleted again and again, and its row keeps the uuid", async () => {
    await put("a", "e1", 1, "ann");
    for (const _ of [1, 2]) expect(await erasure.deleteMessage({ channel: "a", epoch: "e1", offset: 1 })).toBe("m1");
    expect(await histories.row("a", "e1", 1)).toEqual({ offset: 1, at: NOW, deleted: "m1" });
    await erasure.disown({ channel: "a", epoch: "e1", offset: 1 });
    expect(JSON.stringify(await testTable.row("m#a#e1", "0000000000001"))).not.toMatch(/secret|ann/);
    expect((await testTable.row("m#a#e1", "0000000000001"))?.["ttl"]).toBeDefined();
  });

  test("that does not exist is not created by its deletion", async () => {
    await histories.put("a", "e1", { offset: 2, at: NOW }, KEEP);
    for (const offset of [1, 2])
      expect(await erasure.deleteMessage({ channel: "a", epoch: "e1", offset })).toBeUndefined();
    await erasure.disown({ channel: "a", epoch: "e1", offset: 1 });
    expect(await histories.row("a", "e1", 1)).toBeUndefined();
  });
});

describe("a history", () => {
  // Each page stays within the rows that one call may read and write.
  test("restarts, and its old rows are deleted page by page", async () => {
    await histories.reserveOffsets("a", 600, "e1", KEEP);
    await Promise.all(Array.from({ length: 600 }, (_, at) => put("a", "e1", at + 1)));
    testTable.clock.advance(10);
    await erasure.restart("a", "e2", KEEP);
    expect(await histories.heads(["a"])).toEqual(
      new Map([["a", { epoch: "e2", offset: 0, at: NOW + 10, begun: NOW + 10 }]]),
    );
    expect(await erasure.leftovers("a")).toEqual({ epochs: ["e1"], since: NOW + 10 });
    expect(await erasure.deleteRows("a", "e1", () => false)).toEqual({ deleted: 250, isWhole: false });
    expect(await erasure.leftovers("a")).toMatchObject({ epochs: ["e1"] });
    expect(await erasure.deleteRows("a", "e1", () => true)).toEqual({ deleted: 350, isWhole: true });
    expect(await erasure.leftovers("a")).toMatchObject({ epochs: [] });
    expect((await histories.rows("a", "e1", 1, 600, 10)).rows).toEqual([]);
  });

  test("that does not exist is not created by a restart", async () => {
    await erasure.restart("a", "e2", KEEP);
    expect(await histories.heads(["a"])).toEqual(new Map());
    expect(await erasure.leftovers("a")).toEqual({ epochs: [], since: 0 });
  });

  test("lists an old epoch for each restart", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    await erasure.restart("a", "e2", KEEP);
    await erasure.restart("a", "e3", KEEP);
    expect((await erasure.leftovers("a")).epochs.sort()).toEqual(["e1", "e2"]);
  });
});

test("deleteLatest deletes the channel's last message", async () => {
  const latest = new LatestTable(testTable, testTable.clock);
  await latest.keep({ channel: "a", uuid: "m1", data: 1 }, 1);
  await erasure.deleteLatest("a");
  expect(await latest.read(["a"])).toEqual(new Map());
});

test("publishedBy finds a user's messages in the whole table, page by page", async () => {
  const large = "x".repeat(300_000);
  for (const [offset, userId] of ["ann", "bob", "ann", "ann", "bob"].entries()) {
    await histories.put(
      `rooms/${offset}`,
      "e1",
      { offset: 1, at: NOW, message: { uuid: "m", data: large }, userId },
      KEEP,
    );
  }
  const found: string[] = [];
  let pages = 0;
  for (let after: string | undefined; ;) {
    const page = await erasure.publishedBy("ann", after);
    found.push(...page.found.map(({ channel, epoch, offset }) => `${channel} ${epoch} ${offset}`));
    pages += 1;
    if (page.after === undefined) break;
    after = page.after;
  }
  expect(found.sort()).toEqual(["rooms/0 e1 1", "rooms/2 e1 1", "rooms/3 e1 1"]);
  expect(pages).toBeGreaterThan(1);
});

test("publishedBy finds latest values of a user, and only those are deleted", async () => {
  const latest = new LatestTable(testTable, testTable.clock);
  const keep = (channel: string, userId?: string) =>
    latest.keep({ channel, uuid: "m", data: 1, from: { connection: "c", ...(userId && { userId }) } }, 1);
  await keep("seats/1", "ann");
  await keep("seats/2", "bob");
  await keep("seats/3");
  await keep("seats/4", "ann");
  await keep("seats/4", "bob");
  await keep("seats/5", "ann");
  await keep("seats/5");
  expect(await erasure.publishedBy("ann")).toEqual({ found: [], latest: ["seats/1"] });
  await erasure.deleteLatest("seats/1", "ann");
  await erasure.deleteLatest("seats/2", "ann");
  const left = await latest.read(["seats/1", "seats/2"]);
  expect([...left.keys()]).toEqual(["seats/2"]);
  expect(left.get("seats/2")).toMatchObject({ from: { connection: "c", userId: "bob" } });
});
