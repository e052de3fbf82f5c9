import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { Partitions } from "../../../../../local/services/dynamodb/capacity/partitions.js";
import type { Units } from "../../../../../local/services/dynamodb/capacity/units.js";
import type { DynamoDb } from "../../../../../local/services/dynamodb/engines/engine.js";
import { startEngine } from "../../../../../local/services/dynamodb/engines/start.js";
import { createTables } from "../../../../../local/services/dynamodb/tables.js";
import type { HttpServer } from "../../../../../local/core/http/server.js";
import { startDynamoDbProxy } from "../../../../../local/services/dynamodb/proxy/proxy.js";
import { IamPermissions } from "../../../../../local/services/iam/permissions.js";
import { Credentials } from "../../../../../local/core/credentials.js";
import { ProcessReaper } from "../../../../../local/core/process-reaper.js";
import { fn, PLACE } from "../../lambda/invoke/support.js";

const ALLOWED = {
  logicalId: "Role",
  name: "Role",
  doubts: [],
  statements: [
    {
      effect: "Allow" as const,
      actions: { not: false, patterns: ["dynamodb:*"], unknown: [] },
      resources: { not: false, patterns: ["*"], unknown: [] },
      conditions: [],
    },
  ],
};

const TABLE = {
  logicalId: "Table",
  name: "table",
  keySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  attributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
};

const credentials = new Credentials();
const reaper = new ProcessReaper();
const withoutJava = spawnSync("java", ["-version"]).error !== undefined;
afterAll(() => reaper.close());

const TableName = "table";
const key = (pk: string, sk = "s") => ({ pk: { S: pk }, sk: { S: sk } });
const item = (pk: string, bytes: number, sk = "s") => ({ ...key(pk, sk), v: { S: "x".repeat(bytes) } });
const query = (pk: string, more: object = {}) =>
  new QueryCommand({
    TableName,
    KeyConditionExpression: "pk = :pk",
    ExpressionAttributeValues: { ":pk": { S: pk } },
    ...more,
  });

describe.each(["embedded", ...(withoutJava && !process.env.CI ? [] : ["local"])])("on the %s engine", (choice) => {
  const used: Units = { read: 0, write: 0 };
  const calls: string[] = [];
  const meter = {
    call: (accessKeyId: string) => {
      calls.push(accessKeyId);
      return () => undefined;
    },
    units: (_: string, { read, write }: Units) => {
      used.read += read;
      used.write += write;
    },
  };
  let engine: DynamoDb;
  let proxy: HttpServer;
  let client: DynamoDBClient;

  const start = async (partitions?: Partitions): Promise<DynamoDBClient> => {
    const permissions = new IamPermissions(
      () => ({ place: PLACE, model: { functions: [fn("Fn")], roles: [ALLOWED] } }),
      () => undefined,
    );
    proxy = await startDynamoDbProxy({
      upstream: engine.endpoint,
      credentials,
      permissions,
      capacity: { meter, partitions },
    });
    client = new DynamoDBClient({
      endpoint: proxy.endpoint,
      region: PLACE.region,
      credentials: credentials.of("Fn"),
      maxAttempts: 1,
    });
    return client;
  };

  /** Consumed capacity. */
  const units = async (work: () => Promise<unknown>): Promise<Units> => {
    Object.assign(used, { read: 0, write: 0 });
    await work();
    return { ...used };
  };

  beforeAll(async () => {
    const signers: [{ accessKeyId: string; region: string }, { accessKeyId: string; region: string }] = [
      { accessKeyId: "ASIA0000000000000001", region: PLACE.region },
      { accessKeyId: "ASIA0000000000000002", region: PLACE.region },
    ];
    engine = await startEngine(choice, {
      project: resolve(__dirname, "../../../../.."),
      reaper,
      signers,
      log: () => undefined,
    });
    await createTables(engine.endpoint, signers[0], [TABLE]);
  });
  afterEach(async () => {
    client.destroy();
    await proxy.close();
  });
  afterAll(() => engine.close());

  test("units are DynamoDB's, whatever is asked for", async () => {
    await start();
    expect(await units(() => client.send(new PutItemCommand({ TableName, Item: item("a", 900) })))).toEqual({
      read: 0,
      write: 1,
    });
    expect(await units(() => client.send(new PutItemCommand({ TableName, Item: item("b", 1500) })))).toEqual({
      read: 0,
      write: 2,
    });
    expect(await units(() => client.send(new PutItemCommand({ TableName, Item: item("b", 10) })))).toEqual({
      read: 0,
      write: 2,
    });
    expect(await units(() => client.send(new GetItemCommand({ TableName, Key: key("a") })))).toEqual({
      read: 0.5,
      write: 0,
    });
    expect(
      await units(() => client.send(new GetItemCommand({ TableName, Key: key("a"), ConsistentRead: true }))),
    ).toEqual({ read: 1, write: 0 });
    expect(
      await units(() => client.send(new GetItemCommand({ TableName, Key: key("none"), ConsistentRead: true }))),
    ).toEqual({ read: 1, write: 0 });
    await client.send(new PutItemCommand({ TableName, Item: item("big", 5000) }));
    expect(
      await units(() => client.send(new GetItemCommand({ TableName, Key: key("big"), ConsistentRead: true }))),
    ).toEqual({ read: 2, write: 0 });
    expect(await units(() => client.send(new DeleteItemCommand({ TableName, Key: key("big") })))).toEqual({
      read: 0,
      write: 5,
    });
    expect(await units(() => client.send(new DeleteItemCommand({ TableName, Key: key("big") })))).toEqual({
      read: 0,
      write: 1,
    });
    const batch = [item("c", 1100), item("d", 10)].map((Item) => ({ PutRequest: { Item } }));
    const mixed = [...batch, { DeleteRequest: { Key: key("a") } }];
    expect(await units(() => client.send(new BatchWriteItemCommand({ RequestItems: { table: mixed } })))).toEqual({
      read: 0,
      write: 4,
    });
    const Keys = [key("c"), key("d"), key("none")];
    expect(
      await units(() =>
        client.send(new BatchGetItemCommand({ RequestItems: { table: { Keys, ConsistentRead: true } } })),
      ),
    ).toEqual({
      read: 3,
      write: 0,
    });
  });

  test("a Query is billed before projection, for at least one unit", async () => {
    await start();
    for (let each = 0; each < 10; each += 1)
      await client.send(new PutItemCommand({ TableName, Item: item("q", 600, `${each}`) }));
    const projected = { ProjectionExpression: "sk" };
    expect(await units(() => client.send(query("q", { ConsistentRead: true, ...projected })))).toEqual({
      read: 2,
      write: 0,
    });
    expect(await units(() => client.send(query("q")))).toEqual({ read: 1, write: 0 });
    expect(await units(() => client.send(query("empty", { ConsistentRead: true })))).toEqual({ read: 1, write: 0 });
    expect(await units(() => client.send(query("empty")))).toEqual({ read: 0.5, write: 0 });
  });

  test("a write with a failed condition is billed, a malformed write not", async () => {
    await start();
    await client.send(new PutItemCommand({ TableName, Item: item("there", 10) }));
    const again = new PutItemCommand({
      TableName,
      Item: item("there", 1500),
      ConditionExpression: "attribute_not_exists(pk)",
    });
    expect(await units(() => expect(client.send(again)).rejects.toThrow("conditional"))).toEqual({ read: 0, write: 2 });
    const gone = new DeleteItemCommand({ TableName, Key: key("nobody"), ConditionExpression: "attribute_exists(pk)" });
    expect(await units(() => expect(client.send(gone)).rejects.toThrow("conditional"))).toEqual({ read: 0, write: 1 });
    const malformed = new PutItemCommand({ TableName, Item: { pk: { S: "without a sort key" } } });
    expect(await units(() => expect(client.send(malformed)).rejects.toThrow())).toEqual({ read: 0, write: 0 });
  });

  if (choice === "local") {
    test("a transaction costs double, even if it is cancelled", async () => {
      await start();
      const put = (pk: string, condition?: string) => ({
        Put: { TableName, Item: item(pk, 10), ...(condition && { ConditionExpression: condition }) },
      });
      const TransactItems = [put("t1"), put("t2")];
      expect(await units(() => client.send(new TransactWriteItemsCommand({ TransactItems })))).toEqual({
        read: 0,
        write: 4,
      });
      const cancelled = new TransactWriteItemsCommand({
        TransactItems: [put("t1", "attribute_not_exists(pk)"), put("t3")],
      });
      expect(await units(() => expect(client.send(cancelled)).rejects.toThrow("cancelled"))).toEqual({
        read: 0,
        write: 4,
      });
    });
  }

  test("a response has the capacity only if the request asks for it", async () => {
    await start();
    expect(await client.send(query("q"))).not.toHaveProperty("ConsumedCapacity");
    const asked = await client.send(query("q", { ReturnConsumedCapacity: "TOTAL" }));
    expect(asked.ConsumedCapacity).toMatchObject({ TableName, CapacityUnits: 1 });
    expect(calls.at(-1)).toBe(credentials.of("Fn").accessKeyId);
  });

  describe("with AWS's quotas", () => {
    const clock = { now: 0 };
    const quotas = () =>
      start(
        new Partitions(
          () => [TABLE],
          () => clock.now,
          { read: 4, write: 3 },
        ),
      );

    test("a hot partition key is throttled, separately for reads and writes", async () => {
      await quotas();
      const put = (pk: string) => client.send(new PutItemCommand({ TableName, Item: item(pk, 10) }));
      for (let each = 0; each < 3; each += 1) await put("hot");
      await expect(put("hot")).rejects.toMatchObject({
        name: "ThrottlingException",
        message: expect.stringContaining("check if you have a hot key"),
      });
      await put("cool");
      const read = () => client.send(query("hot", { ConsistentRead: true }));
      for (let each = 0; each < 4; each += 1) await read();
      await expect(read()).rejects.toMatchObject({ name: "ThrottlingException" });
      clock.now += 300;
      await put("hot");
      await expect(put("hot")).rejects.toMatchObject({ name: "ThrottlingException" });
    });

    test("a batch goes on without the items of a hot partition", async () => {
      await quotas();
      const batch = (...pks: string[]) =>
        client.send(
          new BatchWriteItemCommand({
            RequestItems: { table: pks.map((pk) => ({ PutRequest: { Item: item(pk, 3000) } })) },
          }),
        );
      expect((await batch("lukewarm", "burning")).UnprocessedItems).toEqual({});
      expect((await batch("fresh", "burning")).UnprocessedItems).toEqual({
        table: [{ PutRequest: { Item: item("burning", 3000) } }],
      });
      await expect(batch("burning")).rejects.toMatchObject({ name: "ThrottlingException" });
    });
  });
});
