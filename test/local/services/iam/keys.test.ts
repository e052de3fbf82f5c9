import { keyCalls } from "../../../../local/services/iam/keys.js";
import { IamPermissions } from "../../../../local/services/iam/permissions.js";
import { readStatements } from "../../../../local/assembly/resources/policy-document.js";
import type { FunctionModel } from "../../../../local/assembly/model/functions.js";

const PLACE = { partition: "aws", region: "eu-west-1", account: "111122223333" };
const arnOf = (service: string, name: string): string => `arn:aws:${service}:eu-west-1:111122223333:${name}`;
const KEY = arnOf("kms", "key/own");
const [TABLE, QUEUE, SECRET] = [
  arnOf("dynamodb", "table/T"),
  arnOf("sqs", "Q"),
  arnOf("secretsmanager", "secret:S-abcdef"),
];
const ENCRYPTED = [TABLE, QUEUE, SECRET].map((arn) => ({ arn, keyArn: KEY }));

describe("resources under a customer's key need that key", () => {
  test.each([
    ["dynamodb:PutItem", TABLE, ["kms:Decrypt"]],
    ["dynamodb:Query", `${TABLE}/index/I`, ["kms:Decrypt"]],
    ["sqs:SendMessage", QUEUE, ["kms:GenerateDataKey", "kms:Decrypt"]],
    ["sqs:ReceiveMessage", QUEUE, ["kms:Decrypt"]],
    ["sqs:DeleteMessage", QUEUE, []],
    ["secretsmanager:GetSecretValue", SECRET, ["kms:Decrypt"]],
    ["dynamodb:PutItem", `${TABLE}2`, []],
  ])("%s on %s", (action, resource, needs) => {
    const context = { "kms:viaservice": `${action.split(":")[0]}.eu-west-1.amazonaws.com` };
    expect(keyCalls({ action, resource }, ENCRYPTED, PLACE)).toEqual(
      needs.map((each) => ({ action: each, resource: KEY, context })),
    );
  });

  const permissions = (...more: object[]): IamPermissions => {
    const statements = readStatements(
      { Statement: [{ Effect: "Allow", Action: "*", Resource: [TABLE, SECRET] }, ...more] },
      (value) => value,
    );
    const roles = [{ logicalId: "Role", name: "Role", statements, doubts: [] }];
    const functions = [{ logicalId: "Fn", name: "Fn", role: "Role" } as FunctionModel];
    return new IamPermissions(
      () => ({ place: PLACE, model: { functions, roles, encrypted: ENCRYPTED } }),
      () => undefined,
    );
  };
  const read = { action: "dynamodb:GetItem", resource: TABLE };
  const open = { action: "secretsmanager:GetSecretValue", resource: SECRET };

  test("so that who may not use it is refused", () => {
    expect(permissions().check("Fn", [read])?.call).toMatchObject({ action: "kms:Decrypt", resource: KEY });
    expect(permissions({ Effect: "Allow", Action: "kms:Decrypt", Resource: KEY }).check("Fn", [read])).toBeUndefined();
  });

  test("and only through a service, if that is the condition", () => {
    const Condition = { StringEquals: { "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com" } };
    const through = permissions({ Effect: "Allow", Action: "kms:Decrypt", Resource: KEY, Condition });
    expect(through.check("Fn", [open])).toBeUndefined();
    expect(through.check("Fn", [read])?.call).toMatchObject({ action: "kms:Decrypt" });
  });
});
