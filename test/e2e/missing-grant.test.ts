import { deleteAction } from "./support/grants.js";
import { putRow } from "./support/rows.js";
import { TestSystem } from "./support/system.js";

describe("a grant that is missing", () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await TestSystem.start({
      permissionsLog: false,
      edit(template) {
        deleteAction(template, "PushItSubscribeRole", "dynamodb:BatchWriteItem");
        deleteAction(template, "PushItPublishRole", "execute-api:ManageConnections");
      },
    });
  }, 60_000);
  afterAll(() => system.close());

  it("fails here as it would in AWS: DynamoDB refuses, the client is told `unavailable`, and nothing is stored", async () => {
    const wire = await system.connect();
    expect(await wire.subscribe("room")).toMatchObject({ successful: false, code: "unavailable" });
    expect((await system.rows()).filter(({ pk }) => pk === "c#room")).toEqual([]);
    const denial = system.logs.find(({ source }) => source === "iam");
    expect(denial?.level).toBe("error");
    expect(denial?.message).toMatch(
      /^PushItSubscribe\w+ may not dynamodb:BatchWriteItem on arn:aws:dynamodb:[\w-]+:123456789012:table\/Test-PushItTable[\w-]+\nUser: arn:aws:sts::123456789012:assumed-role\/Test-PushItSubscribeRole[\w-]+\/Test-PushItSubscribe[\w-]+ is not authorized to perform: dynamodb:BatchWriteItem on resource: arn:\S+ because no identity-based policy allows the dynamodb:BatchWriteItem action$/,
    );
    expect(system.logs.some(({ message }) => message.includes("route_failed") && message.includes("AccessDeniedException"))).toBe(true);
  });

  it("refuses posts to connections, and only those", async () => {
    const [wire, publisher] = await Promise.all([system.connect(), system.connect()]);
    const { connectionId, connectedAt } = await system.connectionOf(wire);
    await putRow(system.running, { pk: "c#posts", sk: connectionId, ttl: String(Math.floor(connectedAt / 1000) + 7_200) });
    await publisher.publish("posts", 1);
    expect(wire.messages()).toEqual([]);
    const denial = system.logs.find(({ message }) => message.startsWith("PushItPublish"));
    expect(denial?.message).toContain("may not execute-api:ManageConnections on arn:aws:execute-api:");
    expect(denial?.message).toContain(`/live/POST/@connections/${connectionId}`);
  });
});
