import { type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { oldMemberKey } from "../../../../lambdas/aws/dynamodb/keys.js";
import { NOW } from "../../support/fakes.js";
import { ada, usePresenceTables } from "./presence-tables-system.js";

const setUp = usePresenceTables();

/** An entry as version 0.2.0 wrote it. */
const oldRow = (more: Record<string, string> = {}) => ({
  ...oldMemberKey("rooms/1", "c1"),
  ...{ u: "uuid-of-c1", c: "c1", n: "ada", s: String(NOW), l: String(NOW + 1_000), t: String(NOW), ttl: "9999999999" },
  ...more,
});

describe("an entry of version 0.2.0", () => {
  const putOld = async ({ client, name }: { client: DynamoDBClient; name: string }) => {
    const numbers = new Set(["s", "l", "t", "ttl"]);
    const entries = Object.entries(oldRow()).map(([key, value]) => [
      key,
      numbers.has(key) ? { N: value } : { S: value },
    ]);
    await client.send(
      new PutItemCommand({ TableName: name, Item: Object.fromEntries(entries) as Record<string, never> }),
    );
  };

  test("is read, leaves and expires as before", async () => {
    const { testTable, members } = await setUp();
    await putOld(testTable);
    const old = (await members.oldOfConnection("c1", ["rooms/1"])).get("rooms/1")!;
    expect(old).toMatchObject({ agent: "uuid-of-c1", until: NOW + 1_000, announced: { as: "uuid-of-c1", at: NOW } });
    expect(await members.expire("rooms/1", { ...old, until: NOW }, NOW)).toBe(false);
    expect(await members.leave("c1", undefined, "rooms/1", NOW + 2)).toBe(true);
    expect(await members.expire("rooms/1", old, NOW + 3)).toBe(false);
  });

  test("is moved with its announcement, and then deleted", async () => {
    const { testTable, members } = await setUp();
    await putOld(testTable);
    const old = (await members.oldOfConnection("c1", ["rooms/1"])).get("rooms/1")!;
    await members.move(ada, "rooms/1", old, NOW + 5);
    const [one, other] = await members.all("rooms/1");
    const [moved, entry] = one?.moved ? [one, other] : [other, one];
    expect(moved).toMatchObject({ moved: true, place: old.place });
    expect(entry).toMatchObject({ since: NOW + 5, announced: { as: "uuid-of-c1", at: NOW } });
    expect(entry).not.toHaveProperty("until");
    await members.remove("rooms/1", moved!);
    expect(await members.all("rooms/1")).toHaveLength(1);
  });
});
