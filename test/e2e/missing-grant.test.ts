import type { Template } from "../../local/assembly/template/template.js";
import { deleteAction, deleteGrant, type PolicyStatement } from "./support/grants.js";
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
  });
  afterAll(() => system.close());

  it("fails as in AWS: DynamoDB refuses, and the client gets `unavailable`", async () => {
    const wire = await system.connect();
    expect(await wire.subscribe("room")).toMatchObject({ successful: false, code: "unavailable" });
    expect((await system.rows()).filter(({ pk }) => pk === "c#room")).toEqual([]);
    const denial = system.logs.find(({ source }) => source === "iam");
    expect(denial?.level).toBe("error");
    expect(denial?.message).toMatch(
      /^PushItSubscribe\w+ may not dynamodb:BatchWriteItem on arn:aws:dynamodb:[\w-]+:123456789012:table\/Test-PushItTable[\w-]+\nUser: arn:aws:sts::123456789012:assumed-role\/Test-PushItSubscribeRole[\w-]+\/Test-PushItSubscribe[\w-]+ is not authorized to perform: dynamodb:BatchWriteItem on resource: arn:\S+ because no identity-based policy allows the dynamodb:BatchWriteItem action$/,
    );
    expect(
      system.logs.some(({ message }) => message.includes("route_failed") && message.includes("AccessDeniedException")),
    ).toBe(true);
  });

  it("refuses posts to connections, and only those", async () => {
    const [wire, publisher] = await Promise.all([system.connect(), system.connect()]);
    const { connectionId, connectedAt } = await system.connectionOf(wire);
    await putRow(system.running, {
      pk: "c#posts",
      sk: connectionId,
      ttl: String(Math.floor(connectedAt / 1000) + 7_200),
    });
    await publisher.publish("posts", 1);
    expect(wire.messages()).toEqual([]);
    const denial = system.logs.find(({ message }) => message.startsWith("PushItPublish"));
    expect(denial?.message).toContain("may not execute-api:ManageConnections on arn:aws:execute-api:");
    expect(denial?.message).toContain(`/live/POST/@connections/${connectionId}`);
  });
});

describe("taking a grant away", () => {
  const read: PolicyStatement = { Action: ["dynamodb:GetItem", "dynamodb:Query"], Resource: "table" };
  const post: PolicyStatement = { Action: "execute-api:ManageConnections", Resource: ["POST", "DELETE"] };
  const other: PolicyStatement = { Action: "sqs:SendMessage", Resource: "queue" };
  const policyOf = (...Statement: PolicyStatement[]) => ({
    Type: "AWS::IAM::Policy",
    Properties: { PolicyDocument: { Statement } },
  });
  const template = (): Template =>
    structuredClone({ Resources: { SendRole: policyOf(read, post), SendRole2: policyOf(other) } });

  it("deletes what it names, and nothing else", () => {
    const [action, resource, whole] = [template(), template(), template()];
    deleteGrant(action, { id: "SendRole", statement: 0, expected: read, action: 1 });
    deleteGrant(resource, { id: "SendRole", statement: 1, expected: post, resource: 0 });
    deleteGrant(whole, { id: "SendRole", statement: 0, expected: read });
    const rest = { SendRole2: policyOf(other) };
    expect(action).toEqual({
      Resources: { SendRole: policyOf({ ...read, Action: ["dynamodb:GetItem"] }, post), ...rest },
    });
    expect(resource).toEqual({ Resources: { SendRole: policyOf(read, { ...post, Resource: ["DELETE"] }), ...rest } });
    expect(whole).toEqual({ Resources: { SendRole: policyOf(post), ...rest } });
  });

  test.each([
    ["another statement", { id: "SendRole", statement: 1, expected: read }, "not"],
    ["no statement", { id: "SendRole", statement: 2, expected: read }, "has no statement 2"],
    ["an action that is not there", { id: "SendRole", statement: 0, expected: read, action: 2 }, "no 2 of"],
    ["a resource that is not there", { id: "SendRole", statement: 1, expected: post, resource: 2 }, "no 2 of"],
    ["the only resource", { id: "SendRole", statement: 0, expected: read, resource: 0 }, "no 0 of"],
    ["no policy", { id: "Send", statement: 0, expected: read }, "there are 0 policies"],
  ])("refuses what would delete %s", (_, place, message) => {
    const untouched = template();
    expect(() => deleteGrant(untouched, place)).toThrow(message);
    expect(untouched).toEqual(template());
  });

  it("of a statement needs a policy's name and an allowed action", () => {
    expect(() => deleteAction(template(), "SendRole", "dynamodb:Query")).toThrow(
      "there are 2 policies SendRole, not one",
    );
    expect(() => deleteAction(template(), "SendRole2", "dynamodb:Query")).toThrow(
      "SendRole2 does not allow dynamodb:Query",
    );
  });
});
