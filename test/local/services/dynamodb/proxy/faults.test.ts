import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { HttpServer } from "../../../../../local/core/http/server.js";
import type { DynamoDbCall, DynamoDbFault } from "../../../../../local/services/dynamodb/proxy/faults.js";
import { startDynamoDbProxy } from "../../../../../local/services/dynamodb/proxy/proxy.js";
import { IamPermissions } from "../../../../../local/services/iam/permissions.js";
import { Credentials } from "../../../../../local/core/credentials.js";
import type { RoleModel } from "../../../../../local/assembly/model/principals.js";
import { fn, PLACE } from "../../lambda/invoke/support.js";

const ROLE: RoleModel = {
  logicalId: "Role",
  name: "App-Role",
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["dynamodb:*"], unknown: [] },
      resources: { not: false, patterns: ["*"], unknown: [] },
      conditions: [],
    },
  ],
};

describe("faults of DynamoDB", () => {
  const credentials = new Credentials();
  const keys = credentials.ofEnvironment("Fn");
  const happened: string[] = [];
  const calls: DynamoDbCall[] = [];
  let fault: DynamoDbFault | undefined;
  let engine: Server;
  let proxy: HttpServer;

  beforeAll(async () => {
    engine = createServer((request, response) => {
      happened.push("done");
      request.resume().on("end", () => response.end("{}"));
    });
    engine.listen(0, "127.0.0.1");
    await once(engine, "listening");
    const subject = { place: PLACE, model: { functions: [fn("Fn")], roles: [ROLE] } };
    proxy = await startDynamoDbProxy({
      upstream: `http://127.0.0.1:${(engine.address() as AddressInfo).port}`,
      credentials,
      permissions: new IamPermissions(
        () => subject,
        () => undefined,
      ),
      faults: {
        faults: {
          onCall(call) {
            calls.push(call);
            return fault;
          },
        },
        environments: {
          kill: (key) => void happened.push(`killed ${key === keys.accessKeyId}`),
          freeze: (key) => void happened.push(`frozen ${key === keys.accessKeyId}`),
        },
      },
    });
  });
  beforeEach(() => {
    happened.length = 0;
    calls.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    engine.close();
  });

  const put = (): Promise<string> =>
    new DynamoDBClient({ endpoint: proxy.endpoint, region: PLACE.region, credentials: keys, maxAttempts: 1 })
      .send(new PutItemCommand({ TableName: "Talk", Item: { pk: { S: "a" } } }))
      .then(
        () => "answered",
        ({ name }: Error) => name,
      );

  test("the fault receives the call and its caller", async () => {
    fault = undefined;
    await put();
    expect(calls).toMatchObject([
      { functionId: "Fn", accessKeyId: keys.accessKeyId, operation: "PutItem", asked: { TableName: "Talk" } },
    ]);
  });

  test.each<[DynamoDbFault | undefined, string, string[]]>([
    [undefined, "answered", ["done"]],
    ["throttle", "ProvisionedThroughputExceededException", []],
    ["fail", "InternalServerError", []],
    ["failAfter", "InternalServerError", ["done"]],
    ["killBefore", "Error", ["killed true"]],
    ["killAfter", "Error", ["done", "killed true"]],
    ["freeze", "answered", ["done", "frozen true"]],
  ])("%s", async (struck, told, expected) => {
    fault = struck;
    expect(await put()).toBe(told);
    expect(happened).toEqual(expected);
  });
});
