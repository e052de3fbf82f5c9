import { AttemptsTable } from "../../../../lambdas/aws/dynamodb/attempts-table.js";
import { attemptsKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { NOW } from "../../support/fakes.js";
import { type TestTable, useTables } from "../../support/test-table.js";

let testTable: TestTable;
let attempts: AttemptsTable;

useTables((table) => {
  testTable = table;
  attempts = new AttemptsTable({ client: testTable.client, name: testTable.name }, testTable.clock);
});

describe("the attempts at a segment", () => {
  test("are counted per segment, also by workers that begin at once", async () => {
    expect(await attempts.begin("m1")).toBe(1);
    expect(await attempts.begin("m2")).toBe(1);
    const counts = await Promise.all([attempts.begin("m1"), attempts.begin("m1"), attempts.begin("m1")]);
    expect(counts.sort()).toEqual([2, 3, 4]);
  });

  // DynamoDB deletes the row a day after the last attempt.
  test("cost a write unit each and expire a day later", async () => {
    const { pk, sk } = attemptsKey("m1");
    await attempts.begin("m1");
    testTable.clock.advance(60_000);
    await attempts.begin("m1");
    expect(testTable.sent.map(({ name, units }) => [name, units])).toEqual([
      ["UpdateItem", 1],
      ["UpdateItem", 1],
    ]);
    expect(await testTable.row(pk, sk)).toMatchObject({
      n: { N: "2" },
      ttl: { N: String(NOW / 1_000 + 60 + 24 * 60 * 60) },
    });
  });
});
