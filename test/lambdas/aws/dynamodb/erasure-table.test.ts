import { ErasureTable } from "../../../../lambdas/aws/dynamodb/erasure-table.js";
import { HistoryTable } from "../../../../lambdas/aws/dynamodb/history-table.js";
import { LatestTable } from "../../../../lambdas/aws/dynamodb/latest-table.js";
import { NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

const KEEP = { size: 100, seconds: 3_600 };

let it: TestTable;
let histories: HistoryTable;
let erasure: ErasureTable;

useTables((table) => {
  it = table;
  histories = new HistoryTable(it, it.clock, 900);
  erasure = new ErasureTable(it, it.clock);
});

const put = (channel: string, epoch: string, offset: number, userId?: string) =>
  histories.put(
    channel,
    epoch,
    { offset, at: NOW, message: { uuid: `m${offset}`, data: "secret" }, ...(userId !== undefined && { userId }) },
    KEEP,
  );

describe("a message", () => {
  test("is deleted, and its row stays with its uuid; again gives the same", async () => {
    await put("a", "e1", 1, "ann");
    for (const _ of [1, 2]) expect(await erasure.deleteMessage({ channel: "a", epoch: "e1", offset: 1 })).toBe("m1");
    expect(await histories.row("a", "e1", 1)).toEqual({ offset: 1, at: NOW, deleted: "m1" });
    await erasure.disown({ channel: "a", epoch: "e1", offset: 1 });
    expect(JSON.stringify(await it.row("m#a#e1", "0000000000001"))).not.toMatch(/secret|ann/);
    expect((await it.row("m#a#e1", "0000000000001"))?.["ttl"]).toBeDefined();
  });

  test("that is not there is not made", async () => {
    await histories.put("a", "e1", { offset: 2, at: NOW }, KEEP);
    for (const offset of [1, 2])
      expect(await erasure.deleteMessage({ channel: "a", epoch: "e1", offset })).toBeUndefined();
    await erasure.disown({ channel: "a", epoch: "e1", offset: 1 });
    expect(await histories.row("a", "e1", 1)).toBeUndefined();
  });
});

describe("a history", () => {
  test("begins anew, and its rows are deleted in pages, each with what it may read and write", async () => {
    await histories.reserveOffsets("a", 600, "e1", KEEP);
    await Promise.all(Array.from({ length: 600 }, (_, at) => put("a", "e1", at + 1)));
    it.clock.advance(10);
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

  test("that is not there is not made", async () => {
    await erasure.restart("a", "e2", KEEP);
    expect(await histories.heads(["a"])).toEqual(new Map());
    expect(await erasure.leftovers("a")).toEqual({ epochs: [], since: 0 });
  });

  test("is noted for each time it began anew", async () => {
    await histories.reserveOffsets("a", 1, "e1", KEEP);
    await erasure.restart("a", "e2", KEEP);
    await erasure.restart("a", "e3", KEEP);
    expect((await erasure.leftovers("a")).epochs.sort()).toEqual(["e1", "e2"]);
  });
});

test("a last message is deleted", async () => {
  const latest = new LatestTable(it, it.clock);
  await latest.keep({ channel: "a", uuid: "m1", data: 1 }, 1);
  await erasure.deleteLatest("a");
  expect(await latest.read(["a"])).toEqual(new Map());
});

test("a user's messages are found in the whole table, page by page", async () => {
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
