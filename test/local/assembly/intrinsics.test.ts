import { holds, resolve, type Scope, Unresolvable } from "../../../local/assembly/template/intrinsics.js";
import { placeOf, scopeOf } from "../../../local/assembly/template/scope.js";
import type { StackArtifact } from "../../../local/assembly/template/manifest.js";
import type { Template } from "../../../local/assembly/template/template.js";

const TEMPLATE: Template = {
  Resources: {
    Table: { Type: "AWS::DynamoDB::Table", Properties: { TableName: "users" } },
    Fn: { Type: "AWS::Lambda::Function" },
    Role: { Type: "AWS::IAM::Role", Properties: { RoleName: "role" } },
    Pool: { Type: "AWS::Cognito::UserPool" },
  },
  Parameters: {
    Stage: { Type: "String", Default: "test" },
    Zones: { Type: "CommaDelimitedList", Default: "a,b" },
    Given: { Type: "String" },
    Version: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/cdk/version" },
  },
  Mappings: { Sizes: { "eu-west-1": { small: "s", list: ["x"] } } },
  Conditions: {
    IsTest: { "Fn::Equals": [{ Ref: "Stage" }, "test"] },
    IsProd: { "Fn::Not": [{ Condition: "IsTest" }] },
    Both: { "Fn::And": [{ Condition: "IsTest" }, { Condition: "IsProd" }] },
    Either: { "Fn::Or": [{ Condition: "IsTest" }, { Condition: "IsProd" }] },
  },
};

const stack: StackArtifact = {
  name: "App",
  template: TEMPLATE,
  region: "eu-west-1",
  account: "111122223333",
  assets: new Map(),
  metadata: {},
};
const scope: Scope = scopeOf(stack, placeOf(stack));

describe("intrinsic functions", () => {
  test.each<[unknown, unknown]>([
    ["as it is", "as it is"],
    [{ Ref: "AWS::Region" }, "eu-west-1"],
    [{ Ref: "AWS::AccountId" }, "111122223333"],
    [{ Ref: "AWS::Partition" }, "aws"],
    [{ Ref: "AWS::URLSuffix" }, "amazonaws.com"],
    [{ Ref: "AWS::StackName" }, "App"],
    [{ Ref: "Stage" }, "test"],
    [{ Ref: "Zones" }, ["a", "b"]],
    [{ Ref: "Table" }, "users"],
    [{ "Fn::GetAtt": ["Table", "Arn"] }, "arn:aws:dynamodb:eu-west-1:111122223333:table/users"],
    [{ "Fn::GetAtt": "Role.Arn" }, "arn:aws:iam::111122223333:role/role"],
    [{ "Fn::Join": ["-", ["a", { Ref: "Stage" }, 1]] }, "a-test-1"],
    [{ "Fn::Join": [",", { Ref: "Zones" }] }, "a,b"],
    [{ "Fn::Sub": "${Table}/${Table.Arn}" }, "users/arn:aws:dynamodb:eu-west-1:111122223333:table/users"],
    [{ "Fn::Sub": ["${Own}-${AWS::Region}-${!Kept}", { Own: { Ref: "Stage" } }] }, "test-eu-west-1-${Kept}"],
    [{ "Fn::Select": [1, { Ref: "Zones" }] }, "b"],
    [{ "Fn::Select": ["0", { "Fn::Split": [":", "x:y"] }] }, "x"],
    [{ "Fn::FindInMap": ["Sizes", { Ref: "AWS::Region" }, "small"] }, "s"],
    [{ "Fn::If": ["IsTest", { Ref: "Stage" }, { Ref: "Nowhere" }] }, "test"],
    [{ "Fn::If": ["IsProd", { Ref: "Nowhere" }, "no"] }, "no"],
    [{ "Fn::Base64": "text" }, "dGV4dA=="],
    [{ a: { Ref: "AWS::NoValue" }, b: 1 }, { b: 1 }],
    [["a", { Ref: "AWS::NoValue" }], ["a"]],
    [
      { Ref: "Stage", other: 1 },
      { Ref: "Stage", other: 1 },
    ],
  ])("%j is %j", (value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  test.each<[unknown, string]>([
    [{ Ref: "Nowhere" }, "Nowhere is not in the template"],
    [{ Ref: "Given" }, "the parameter Given has no default"],
    [{ Ref: "Version" }, "the parameter Version is read from Systems Manager"],
    [{ Ref: "Pool" }, "Ref of Pool (AWS::Cognito::UserPool) has no value locally"],
    [{ "Fn::GetAtt": ["Fn", "SnapStartResponse"] }, "Fn.SnapStartResponse (AWS::Lambda::Function)"],
    [{ "Fn::ImportValue": "x" }, "Fn::ImportValue is not known here"],
    [{ "Fn::Select": [5, ["a"]] }, "no element 5"],
    [{ "Fn::FindInMap": ["Sizes", "us-east-1", "small"] }, "Sizes.us-east-1.small does not exist"],
    [{ "Fn::Join": ["", "text"] }, "is not a list"],
    [{ "Fn::Join": ["", [{ a: 1 }]] }, "is not text"],
    [{ "Fn::If": ["Unknown", 1, 2] }, "there is no condition Unknown"],
  ])("%j has no value: %s", (value, reason) => {
    expect(() => resolve(value, scope)).toThrow(Unresolvable);
    expect(() => resolve(value, scope)).toThrow(reason);
  });

  test.each([
    ["IsTest", true],
    ["IsProd", false],
    ["Both", false],
    ["Either", true],
  ])("the condition %s is %s", (name, expected) => {
    expect(holds({ Condition: name }, scope)).toBe(expected);
  });

  test("a resource without a name gets a stable generated name", () => {
    const name = resolve({ Ref: "Fn" }, scope);
    expect(name).toMatch(/^App-Fn-[0-9a-z]{10}$/);
    expect(resolve({ Ref: "Fn" }, scopeOf(stack, placeOf(stack)))).toBe(name);
  });

  test("a stack that is open about its place takes the developer's Region", () => {
    const { region: _region, account: _account, ...open } = stack;
    expect(placeOf(open, { AWS_REGION: "cn-north-1" })).toEqual({
      region: "cn-north-1",
      account: "123456789012",
      partition: "aws-cn",
    });
    expect(placeOf(open, {}).region).toBe("us-east-1");
  });
});
