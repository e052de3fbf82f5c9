import { Duration } from "aws-cdk-lib";
import { AccessLogs, PushIt, type PushItProps } from "../../../infra/index.js";
import { makeStack, makeStackIn } from "../synth.js";
import { everything, plain } from "./systems.js";
import type { CfnTemplate, Resource } from "./template.js";
import { faultsOf } from "./validate.js";

describe("CloudFormation's own schemas accept", () => {
  test("a Push-It with default props", () => expect(faultsOf(plain())).toEqual([]));
  test("a Push-It with every option", () => expect(faultsOf(everything())).toEqual([]));
  test("a Push-It with every option, known account and Region", () =>
    expect(faultsOf(everything(makeStackIn("eu-central-1")))).toEqual([]));
  test.each<[string, PushItProps["channels"]]>([
    ["history", { "a/*": { history: {} } }],
    ["presence", { "a/*": { presence: true } }],
    ["latest", { "a/*": { latest: true } }],
    ["linger", { "a/*": { linger: Duration.millis(250) } }],
  ])("a Push-It with %s alone", (_, channels) => expect(faultsOf(plain({ channels }))).toEqual([]));

  test("two Push-Its in one stack", () => {
    const stack = makeStack();
    new PushIt(stack, "Another", { accessLogs: AccessLogs.managedRole() });
    expect(faultsOf(everything(stack))).toEqual([]);
  });
});

describe("the check finds", () => {
  const good = JSON.stringify(everything());

  type Found = Resource & { Properties: Record<string, Record<string, Record<string, unknown>>> };

  /** The first resource of a type whose id matches. */
  const find = (template: CfnTemplate, type: string, id = /./): [string, Found] =>
    Object.entries(template.Resources).find(([name, { Type }]) => Type === type && id.test(name)) as [string, Found];

  const planted: [what: string, plant: (template: CfnTemplate) => void, found: RegExp][] = [
    [
      "a type that does not exist",
      (t) => (find(t, "AWS::SQS::Queue")[1].Type = "AWS::SQS::Que"),
      /there is no type AWS::SQS::Que/,
    ],
    [
      "a property that does not exist",
      (t) => Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, { Timeot: 3 }),
      /there is no property Timeot/,
    ],
    [
      "an inner property that does not exist",
      (t) => Object.assign(find(t, "AWS::DynamoDB::Table")[1].Properties["TimeToLiveSpecification"]!, { Enable: true }),
      /TimeToLiveSpecification: there is no property Enable/,
    ],
    [
      "a property that is missing",
      (t) => delete find(t, "AWS::ApiGatewayV2::Stage")[1].Properties["ApiId"],
      /ApiId is required/,
    ],
    [
      "an inner property that is missing",
      (t) => delete find(t, "AWS::DynamoDB::Table")[1].Properties["KeySchema"]!["0"]!["KeyType"],
      /KeySchema\[0\]: KeyType is required/,
    ],
    [
      "a string instead of a number",
      (t) => Object.assign(find(t, "AWS::SQS::Queue")[1].Properties, { VisibilityTimeout: "21" }),
      /"21" is not an integer/,
    ],
    [
      "an object instead of an array",
      (t) => Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, { Layers: {} }),
      /Layers: \{\} is not an array/,
    ],
    [
      "a value outside of an enum",
      (t) => Object.assign(find(t, "AWS::DynamoDB::Table")[1].Properties, { BillingMode: "ON_DEMAND" }),
      /ON_DEMAND is not one of PROVISIONED, PAY_PER_REQUEST/,
    ],
    [
      "a deletion policy that does not exist",
      (t) => (find(t, "AWS::DynamoDB::Table")[1]["DeletionPolicy"] = "Keep"),
      /DeletionPolicy: Keep is not possible/,
    ],
    [
      "a reference to nothing",
      (t) => Object.assign(find(t, "AWS::ApiGatewayV2::Stage")[1].Properties, { ApiId: { Ref: "Gone" } }),
      /ApiId: there is no Gone/,
    ],
    [
      "a dependency on nothing",
      (t) => (find(t, "AWS::ApiGatewayV2::Stage")[1].DependsOn = ["Gone"]),
      /DependsOn: there is no Gone/,
    ],
    [
      "an attribute that does not exist",
      (t) =>
        Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, {
          Role: { "Fn::GetAtt": [find(t, "AWS::DynamoDB::Table")[0], "Arm"] },
        }),
      /AWS::DynamoDB::Table has no attribute Arm/,
    ],
    [
      "a circle",
      (t) => (find(t, "AWS::DynamoDB::Table")[1].DependsOn = [find(t, "AWS::Lambda::Function", /Connect/)[0]]),
      /circular: .*Table.* -> .*Connect/,
    ],
    [
      "an environment that is too large",
      (t) =>
        Object.assign(find(t, "AWS::Lambda::Function", /Connect/)[1].Properties["Environment"]!["Variables"]!, {
          LONG: '"'.repeat(2_000),
        }),
      /its environment has \d+ bytes/,
    ],
    [
      "a policy that is too large",
      (t) => Object.assign(find(t, "AWS::IAM::Policy")[1].Properties["PolicyDocument"]!, { Long: "x".repeat(11_000) }),
      /its policies have \d+ characters/,
    ],
    [
      "a template that is too large",
      (t) => (find(t, "AWS::SQS::Queue")[1]["Metadata"] = "x".repeat(1_000_000)),
      /the template has \d+ bytes/,
    ],
    [
      "too many resources",
      (t) =>
        Object.assign(
          t.Resources,
          Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`More${at}`, { Type: "AWS::SQS::Queue" }])),
        ),
      /the template has \d+ resources/,
    ],
  ];

  test.each(planted)("%s", (_, plant, found) => {
    const template = JSON.parse(good) as CfnTemplate;
    plant(template);
    expect(faultsOf(template)).toEqual(expect.arrayContaining([expect.stringMatching(found)]));
  });
});
