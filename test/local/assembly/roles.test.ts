import { readSystem } from "../../../local/assembly/read-system.js";
import { grantsOf } from "../../../local/services/iam/policy.js";
import { construct, removeFolders, resource, writeAssembly } from "./support.js";

afterEach(removeFolders);

const roleOf = (more: object, roleProperties: object = {}) => {
  const Role = resource("App/PushIt/Role", "AWS::IAM::Role", roleProperties);
  const resources = { ...construct(), Role, ...more };
  const { model } = readSystem(writeAssembly({ name: "App", template: { Resources: resources } }));
  return model.roles.find(({ logicalId }) => logicalId === "Role")!;
};
const document = (Action: string, Resource: unknown = "*") => ({ Statement: { Effect: "Allow", Action, Resource } });
const actions = (...parameters: Parameters<typeof roleOf>): string[] =>
  grantsOf(roleOf(...parameters).statements).map(({ action }) => action);

const OWN = ["dynamodb:GetItem", "dynamodb:PutItem", "execute-api:ManageConnections", "secretsmanager:GetSecretValue"];

describe("a role has", () => {
  test("what policies outside the construct give it", () => {
    const Extra = resource("App/Extra", "AWS::IAM::Policy", {
      Roles: [{ Ref: "Role" }],
      PolicyDocument: document("s3:GetObject"),
    });
    expect(actions({ Extra })).toEqual([...OWN, "s3:GetObject"]);
  });

  test("not what other roles have", () => {
    const Extra = resource("App/Extra", "AWS::IAM::Policy", {
      Roles: ["Other"],
      PolicyDocument: document("s3:GetObject"),
    });
    expect(actions({ Extra })).toEqual(OWN);
  });

  test("inline policies and the template's managed policies, whichever side names the other", () => {
    const One = resource("App/One", "AWS::IAM::ManagedPolicy", { PolicyDocument: document("a:One") });
    const Two = resource("App/Two", "AWS::IAM::ManagedPolicy", {
      Roles: [{ Ref: "Role" }],
      PolicyDocument: document("a:Two"),
    });
    const properties = { Policies: [{ PolicyDocument: document("a:Inline") }], ManagedPolicyArns: [{ Ref: "One" }] };
    expect(actions({ One, Two }, properties)).toEqual(["a:Inline", ...OWN, "a:Two", "a:One"]);
  });

  test("AWS's policy for logs, and doubts about unknown managed policies", () => {
    const arn = "arn:aws:iam::aws:policy/AdministratorAccess";
    const basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    const role = roleOf({}, { ManagedPolicyArns: [basic, arn] });
    expect(grantsOf(role.statements).map(({ action }) => action)).toContain("logs:PutLogEvents");
    expect(role.doubts).toEqual([`The managed policy ${arn} of Role is not known here: nothing is allowed by it.`]);
  });

  test("all values of a statement except those without a local value", () => {
    const resources = [{ "Fn::ImportValue": "x" }, { "Fn::GetAtt": ["Table", "Arn"] }];
    const Extra = resource("App/Extra", "AWS::IAM::Policy", {
      Roles: [{ Ref: "Role" }],
      PolicyDocument: document("a:b", resources),
    });
    const { statements } = roleOf({ Extra });
    expect(statements.at(-1)?.resources).toEqual({
      not: false,
      patterns: [expect.stringMatching(/:table\/App-Table-/)],
      unknown: ["Fn::ImportValue is not known here"],
    });
  });
});
