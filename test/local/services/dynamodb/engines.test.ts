import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { EngineContext } from "../../../../local/services/dynamodb/engines/engine.js";
import { startEngine } from "../../../../local/services/dynamodb/engines/start.js";
import { request } from "../../../../local/services/dynamodb/request.js";
import { createTables } from "../../../../local/services/dynamodb/tables.js";
import { UserError } from "../../../../local/core/user-error.js";
import { ProcessReaper } from "../../../../local/core/process-reaper.js";

const reaper = new ProcessReaper();
const signers: EngineContext["signers"] = [
  { accessKeyId: "ASIA0000000000000001", region: "eu-west-1" },
  { accessKeyId: "ASIA0000000000000002", region: "eu-west-1" },
];
const context: EngineContext = { project: resolve(__dirname, "../../../.."), reaper, signers, log: () => undefined };

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

const withoutJava = spawnSync("java", ["-version"]).error !== undefined;

afterAll(() => reaper.close());

describe.each([
  ["embedded", test],
  // Needs Java: skipped, and reported as skipped, without it; .ci/run has it.
  ["local", withoutJava && !process.env.CI ? test.skip : test],
])("the %s engine", (choice, runs) => {
  runs("keeps what is written, shows every caller the same tables, and ends", async () => {
    const engine = await startEngine(choice, context);
    const [first, second] = signers;
    expect(await createTables(engine.endpoint, first, [TABLE])).toEqual(["table"]);
    expect(await createTables(engine.endpoint, second, [TABLE])).toEqual([]);
    const Item = { pk: { S: "a" }, sk: { S: "b" }, value: { N: "1" } };
    await request(engine.endpoint, first, "PutItem", { TableName: "table", Item });
    const key = { TableName: "table", Key: { pk: Item.pk, sk: Item.sk } };
    expect(await request(engine.endpoint, second, "GetItem", key)).toEqual({ Item });
    const again = await startEngine(engine.endpoint, context);
    expect(again).toMatchObject({ name: engine.endpoint, endpoint: engine.endpoint });
    await again.close();
    await engine.close();
    await expect(request(engine.endpoint, first, "ListTables", {})).rejects.toThrow();
  });
});

describe("an engine that cannot be used is a clear error:", () => {
  /** Answers like an engine, with an error where `answer` gives one. */
  const between = async (answer: (operation: string) => object | undefined): Promise<[string, () => void]> => {
    const server = createServer((incoming, response) => {
      incoming.resume().on("end", () => {
        const operation = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
        const error = answer(operation);
        response.writeHead(error ? 400 : 200).end(JSON.stringify(error ?? {}));
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => server.close()];
  };

  test.each([
    ["not a URL", "somewhere", 'is neither "embedded", "local" nor a URL'],
    ["nobody there", "http://127.0.0.1:9", "No DynamoDB answers at http://127.0.0.1:9"],
  ])("%s", async (_, choice, message) => {
    const failed = startEngine(choice, context);
    await expect(failed).rejects.toThrow(UserError);
    await expect(failed).rejects.toThrow(message);
  });

  test("tables are separated by access key", async () => {
    const [url, close] = await between((operation) =>
      operation === "DescribeTable" ? { __type: "x#ResourceNotFoundException", message: "no" } : undefined,
    );
    const failed = startEngine(url, context);
    await expect(failed).rejects.toMatchObject({
      message: expect.stringContaining("keeps tables apart"),
      next: expect.stringContaining("-sharedDb"),
    });
    close();
  });

  test("real credentials are required", async () => {
    const [url, close] = await between(() => ({ __type: "x#UnrecognizedClientException", message: "invalid token" }));
    await expect(startEngine(url, context)).rejects.toThrow("refuses: UnrecognizedClientException invalid token");
    close();
  });
});
