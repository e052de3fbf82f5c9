import { connectionsCall, connectionsRefusal } from "../../../../local/services/gateway/management/permission.js";
import { dynamoDbCalls } from "../../../../local/services/dynamodb/proxy/permission.js";
import { denialMessage } from "../../../../local/services/iam/refusal.js";
import { secretCall } from "../../../../local/services/secrets/permission.js";

const PLACE = { partition: "aws", region: "eu-west-1", account: "123456789012" };
const CALLER = { role: "Role", session: "Fn" };
const table = (name: string): string => `arn:aws:dynamodb:eu-west-1:123456789012:table/${name}`;

describe("what a request to DynamoDB needs", () => {
  it.each<[string, object, [action: string, resource: string][]]>([
    ["GetItem", { TableName: "A" }, [["GetItem", table("A")]]],
    ["GetItem", { TableName: table("A") }, [["GetItem", table("A")]]],
    ["Query", { TableName: "A", IndexName: "I" }, [["Query", `${table("A")}/index/I`]]],
    [
      "BatchWriteItem",
      { RequestItems: { A: [], B: [] } },
      [
        ["BatchWriteItem", table("A")],
        ["BatchWriteItem", table("B")],
      ],
    ],
    [
      "TransactWriteItems",
      { TransactItems: [{ Put: { TableName: "A" } }, { ConditionCheck: { TableName: "B" } }] },
      [
        ["PutItem", table("A")],
        ["ConditionCheckItem", table("B")],
      ],
    ],
    ["ExecuteStatement", { Statement: 'SELECT * FROM "A" WHERE pk = ?' }, [["PartiQLSelect", table("A")]]],
    ["BatchExecuteStatement", { Statements: [{ Statement: "update A set x=1" }] }, [["PartiQLUpdate", table("A")]]],
    ["ListTables", {}, [["ListTables", "*"]]],
  ])("%s %j", (operation, request, expected) => {
    const calls = expected.map(([action, resource]) => ({ action: `dynamodb:${action}`, resource }));
    expect(dynamoDbCalls(operation, request, PLACE)).toEqual(calls);
  });
});

describe("a refusal", () => {
  const call = { action: "dynamodb:PutItem", resource: table("A") };
  const who =
    "User: arn:aws:sts::123456789012:assumed-role/Role/Fn is not authorized to perform: dynamodb:PutItem on resource:";

  it.each([
    ["no-allow", "because no identity-based policy allows the dynamodb:PutItem action"],
    ["explicit-deny", "with an explicit deny in an identity-based policy"],
    ["boundary", "because no permissions boundary allows the dynamodb:PutItem action"],
  ] as const)("for %s, as AWS words it", (because, words) => {
    expect(denialMessage(CALLER, call, { allowed: false, because, doubts: [] }, PLACE)).toBe(
      `${who} ${table("A")} ${words}`,
    );
  });

  it("of @connections names neither account nor connection", () => {
    const asked = connectionsCall({ method: "POST", path: "/live/@connections/abc%3D?x=1" }, "api", PLACE);
    expect(asked.resource).toBe("arn:aws:execute-api:eu-west-1:123456789012:api/live/POST/@connections/abc=");
    expect(connectionsRefusal(CALLER, asked, PLACE)).toBe(
      "User: arn:aws:sts::123456789012:assumed-role/Role/Fn is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:eu-west-1:********9012:api/live/POST/@connections/{connectionId}",
    );
  });
});

test("a secret's name matches a permission with AWS's suffix in its ARN", () => {
  expect(secretCall("KEY", PLACE)).toMatchObject({
    resource: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:KEY",
    alias: expect.stringMatching(/:secret:KEY-[a-zA-Z0-9]{6}$/),
  });
});
