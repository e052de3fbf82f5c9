import { AttemptsTable } from "../../../../lambdas/aws/dynamodb/attempts-table.js";
import { attemptsKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let it: TestTable;
let attempts: AttemptsTable;

useTables((table) => {
  it = table;
  attempts = new AttemptsTable({ client: it.client, name: it.name }, it.clock);
});

describe("the attempts at a segment", () => {
  test("are counted for each segment by itself, also by workers that begin at once", async () => {
    expect(await attempts.begin("m1")).toBe(1);
    expect(await attempts.begin("m2")).toBe(1);
    const counts = await Promise.all([attempts.begin("m1"), attempts.begin("m1"), attempts.begin("m1")]);
    expect(counts.sort()).toEqual([2, 3, 4]);
  });

  test("cost a write unit each, and end by themselves a day after the last", async () => {
    const { pk, sk } = attemptsKey("m1");
    await attempts.begin("m1");
    it.clock.advance(60_000);
    await attempts.begin("m1");
    expect(it.sent.map(({ name, units }) => [name, units])).toEqual([
      ["UpdateItem", 1],
      ["UpdateItem", 1],
    ]);
    expect(await it.row(pk, sk)).toMatchObject({ n: { N: "2" }, ttl: { N: String(NOW / 1_000 + 60 + 24 * 60 * 60) } });
  });
});
