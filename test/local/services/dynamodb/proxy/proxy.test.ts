import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { HttpServer } from "../../../../../local/core/http/server.js";
import { startDynamoDbProxy } from "../../../../../local/services/dynamodb/proxy/proxy.js";
import { IamPermissions } from "../../../../../local/services/iam/permissions.js";
import { Credentials, type FunctionCredentials } from "../../../../../local/core/credentials.js";
import type { LogEntry } from "../../../../../local/core/log.js";
import type { RoleModel } from "../../../../../local/assembly/model/principals.js";
import { fn, PLACE } from "../../lambda/invoke/support.js";

const TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/Talk";

const ROLE: RoleModel = {
  logicalId: "Role",
  name: "App-Role",
  doubts: [],
  statements: [
    {
      effect: "Allow",
      actions: { not: false, patterns: ["dynamodb:GetItem"], unknown: [] },
      resources: { not: false, patterns: [TABLE], unknown: [] },
      conditions: [],
    },
  ],
};

const FUNCTION = fn("Fn");

describe("DynamoDB behind the check of permissions", () => {
  const credentials = new Credentials();
  const log: LogEntry[] = [];
  const asked: (string | undefined)[] = [];
  let engine: Server;
  let proxy: HttpServer;

  beforeAll(async () => {
    engine = createServer((request, response) => {
      asked.push(String(request.headers["x-amz-target"]));
      request.resume().on("end", () => response.end(JSON.stringify({ Item: { pk: { S: "found" } } })));
    });
    engine.listen(0, "127.0.0.1");
    await once(engine, "listening");
    const subject = { place: PLACE, model: { functions: [FUNCTION], roles: [ROLE] } };
    const permissions = new IamPermissions(
      () => subject,
      (entry) => log.push(entry),
    );
    const upstream = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    proxy = await startDynamoDbProxy({ upstream, credentials, permissions });
  });
  beforeEach(() => {
    asked.length = 0;
    log.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    engine.close();
  });

  const clientOf = (by: FunctionCredentials): DynamoDBClient =>
    new DynamoDBClient({ endpoint: proxy.endpoint, region: PLACE.region, credentials: by, maxAttempts: 1 });
  const get = (by: FunctionCredentials) =>
    clientOf(by).send(new GetItemCommand({ TableName: "Talk", Key: { pk: { S: "é" } } }));

  it("passes on what the function's role allows", async () => {
    expect((await get(credentials.of("Fn"))).Item).toEqual({ pk: { S: "found" } });
    expect(asked).toEqual(["DynamoDB_20120810.GetItem"]);
    expect(log).toEqual([]);
  });

  it("refuses other calls like AWS, logs them, and skips the engine", async () => {
    const put = clientOf(credentials.of("Fn")).send(new PutItemCommand({ TableName: "Talk", Item: {} }));
    const message = `User: arn:aws:sts::123456789012:assumed-role/App-Role/App-Fn is not authorized to perform: dynamodb:PutItem on resource: ${TABLE} because no identity-based policy allows the dynamodb:PutItem action`;
    await expect(put).rejects.toMatchObject({
      name: "AccessDeniedException",
      message,
      $metadata: { httpStatusCode: 400 },
    });
    expect(asked).toEqual([]);
    expect(log).toEqual([
      { level: "error", source: "iam", message: `Fn may not dynamodb:PutItem on ${TABLE}\n${message}` },
    ]);
  });

  it("refuses a function without a role that is known", async () => {
    await expect(get(credentials.of("Other"))).rejects.toMatchObject({ name: "AccessDeniedException" });
    expect(log[0]?.message).toContain("Its role is not in the template");
  });

  it("refuses strangers, and functions whose signature is not theirs", async () => {
    const stranger = { accessKeyId: "ASIA0000000000000000", secretAccessKey: "x", sessionToken: "x" };
    await expect(get(stranger)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
    const forged = { ...credentials.of("Fn"), secretAccessKey: "guessed" };
    await expect(get(forged)).rejects.toMatchObject({ name: "InvalidSignatureException" });
    const unsigned = await fetch(proxy.endpoint, { method: "POST", body: "{}" });
    expect(await unsigned.json()).toMatchObject({
      __type: "com.amazon.coral.service#MissingAuthenticationTokenException",
    });
    expect(asked).toEqual([]);
  });

  it("survives that the engine has closed an idle connection", async () => {
    await get(credentials.of("Fn"));
    engine.closeIdleConnections();
    expect((await get(credentials.of("Fn"))).Item).toBeDefined();
  });
});
