import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { gatewayId } from "../../../../../local/services/gateway/ids.js";
import { credentials, Harness, OK } from "../harness.js";

/** The client as a function makes it: no endpoint in code, only what the environment says. */
describe("the AWS SDK", () => {
  let harness: Harness;
  let sdk: ApiGatewayManagementApiClient;
  const environment = { ...process.env };

  beforeEach(async () => {
    harness = await Harness.start(
      { $connect: () => OK, $disconnect: () => OK },
      { secretFor: (key) => (key === credentials.accessKeyId ? credentials.secretAccessKey : undefined) },
    );
    process.env.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI = harness.gateway.managementUrl;
    process.env.AWS_REGION = "eu-west-1";
    sdk = new ApiGatewayManagementApiClient({ credentials, maxAttempts: 1 });
  });
  afterEach(async () => {
    process.env = { ...environment };
    sdk.destroy();
    await harness.gateway.close();
  });

  it("posts, with a signature that holds", async () => {
    const { client, id } = await harness.connected();
    await sdk.send(new PostToConnectionCommand({ ConnectionId: id, Data: "hello ü" }));
    await sdk.send(new PostToConnectionCommand({ ConnectionId: id, Data: Buffer.from([0x68, 0x69]) }));
    expect([await client.next(), await client.next()]).toEqual(["hello ü", "hi"]);
  });

  it("describes", async () => {
    await harness.connect({ headers: { "User-Agent": "Test/1" } });
    const { connectionId, connectedAt } = (await harness.event("$connect")).requestContext;
    const description = await sdk.send(new GetConnectionCommand({ ConnectionId: connectionId }));
    expect(description).toMatchObject({ Identity: { SourceIp: "127.0.0.1", UserAgent: "Test/1" } });
    expect(description.ConnectedAt?.getTime()).toBe(connectedAt);
    expect(description.LastActiveAt?.getTime()).toBeGreaterThanOrEqual(Number(connectedAt));
  });

  it("closes", async () => {
    const { client, id } = await harness.connected();
    const { $metadata } = await sdk.send(new DeleteConnectionCommand({ ConnectionId: id }));
    expect($metadata.httpStatusCode).toBe(204);
    expect((await client.closed).code).toBe(1000);
  });

  it("knows the errors by their names", async () => {
    const { id } = await harness.connected();
    const failed = async (connection: string, data: string): Promise<unknown> =>
      sdk.send(new PostToConnectionCommand({ ConnectionId: connection, Data: data })).catch((error: unknown) => error);
    expect(await failed(gatewayId(), "x")).toMatchObject({ name: "GoneException", $metadata: { httpStatusCode: 410 } });
    expect(await failed(id, "x".repeat(131_073))).toMatchObject({ name: "PayloadTooLargeException" });
    expect(await failed("no id", "x")).toMatchObject({ name: "BadRequestException" });
  });

  it("is refused with other credentials", async () => {
    const { id } = await harness.connected();
    const stranger = new ApiGatewayManagementApiClient({
      credentials: { accessKeyId: "OTHER", secretAccessKey: "x" },
      maxAttempts: 1,
    });
    const refused = stranger.send(new PostToConnectionCommand({ ConnectionId: id, Data: "x" }));
    await expect(refused).rejects.toMatchObject({
      name: "UnrecognizedClientException",
      $metadata: { httpStatusCode: 403 },
    });
    stranger.destroy();
  });
});
