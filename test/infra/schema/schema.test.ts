import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { AccessLogs, Denials, Guards, PushIt, type PushItProps } from "../../../infra/index.js";
import { makePushIt, makeStack, makeStackIn } from "../synth.js";
import { faultsOf } from "./validate.js";
import type { CfnTemplate, Resource } from "./template.js";

const templateOf = (stack: Stack): CfnTemplate => Template.fromStack(stack).toJSON() as CfnTemplate;

const plain = (props: PushItProps = {}, stack = makeStack()): CfnTemplate => {
  makePushIt(props, stack);
  return templateOf(stack);
};

/** A Push-It with everything that it can have, and what can be granted and made with it. */
const everything = (stack = makeStack()): CfnTemplate => {
  const runtime = { runtime: lambda.Runtime.NODEJS_24_X, handler: "index.handler", code: lambda.Code.fromInline("exports.handler = () => {};") };
  const guard = new lambda.Function(stack, "Guard", runtime);
  const secret = new secretsmanager.Secret(stack, "Secret", { encryptionKey: new kms.Key(stack, "SecretKey") });
  const pushIt = makePushIt(
    {
      guards: Guards.combine(
        Guards.fromModule("test/infra/fixtures/guards.ts", { environment: { MODE: "strict" }, secrets: { KEY: secret } }),
        Guards.fromLambda({ onDisconnect: guard, channels: { "private/*": { onSubscriptionRequest: guard, onMessageReceived: guard } } }),
      ),
      timeouts: { onConnectionRequest: Duration.seconds(5) },
      wildcards: ["rooms/*", "stocks/*"],
      channels: {
        "rooms/*": { history: { size: 100, ttl: Duration.days(1) }, presence: true },
        "stocks/*": { latest: true, shards: 4 },
        "busy/*": { linger: Duration.millis(250) },
      },
      denials: Denials.REFUSE,
      allowedOrigins: ["https://example.com", "https://*.previews.example.com"],
      publishUrl: true,
      eventBus: new events.EventBus(stack, "Bus"),
      throttling: { connect: { rateLimit: 20, burstLimit: 40 } },
      reservedConcurrency: { connect: 10, deliver: 20 },
      accessLogs: AccessLogs.managedRole({ removalPolicy: RemovalPolicy.RETAIN }),
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      architecture: lambda.Architecture.X86_64,
    },
    stack,
  );
  const backEnd = new iam.Role(stack, "BackEnd", { assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com") });
  for (const grant of ["grantPublish", "grantPublishUrl", "grantDisconnect", "grantConnectionInfo"] as const) pushIt[grant](backEnd);
  const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
  rule.addTarget(pushIt.publishTarget({ channel: "shop", data: { order: events.EventField.fromPath("$.detail.order") } }));
  return templateOf(stack);
};

describe("CloudFormation's own schemas have nothing against", () => {
  test("a Push-It as it comes", () => expect(faultsOf(plain())).toEqual([]));
  test("one with everything", () => expect(faultsOf(everything())).toEqual([]));
  test("one with everything where account and Region are known", () => expect(faultsOf(everything(makeStackIn("eu-central-1")))).toEqual([]));
  test.each<[string, PushItProps["channels"]]>([
    ["history", { "a/*": { history: {} } }],
    ["presence", { "a/*": { presence: true } }],
    ["latest", { "a/*": { latest: true } }],
    ["linger", { "a/*": { linger: Duration.millis(250) } }],
  ])("one with %s alone", (_, channels) => expect(faultsOf(plain({ channels }))).toEqual([]));

  test("two in one stack", () => {
    const stack = makeStack();
    new PushIt(stack, "Another", { accessLogs: AccessLogs.managedRole() });
    expect(faultsOf(everything(stack))).toEqual([]);
  });
});

describe("a fault is found:", () => {
  const good = JSON.stringify(everything());

  type Found = Resource & { Properties: Record<string, Record<string, Record<string, unknown>>> };

  /** The first resource of a type whose id matches. */
  const find = (template: CfnTemplate, type: string, id = /./): [string, Found] =>
    Object.entries(template.Resources).find(([name, { Type }]) => Type === type && id.test(name)) as [string, Found];

  const planted: [what: string, plant: (template: CfnTemplate) => void, found: RegExp][] = [
    ["a type that does not exist", (t) => (find(t, "AWS::SQS::Queue")[1].Type = "AWS::SQS::Que"), /there is no type AWS::SQS::Que/],
    ["a property that does not exist", (t) => Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, { Timeot: 3 }), /there is no property Timeot/],
    ["an inner property that does not exist", (t) => Object.assign(find(t, "AWS::DynamoDB::Table")[1].Properties["TimeToLiveSpecification"]!, { Enable: true }), /TimeToLiveSpecification: there is no property Enable/],
    ["a property that is missing", (t) => delete find(t, "AWS::ApiGatewayV2::Stage")[1].Properties["ApiId"], /ApiId is required/],
    ["an inner property that is missing", (t) => delete find(t, "AWS::DynamoDB::Table")[1].Properties["KeySchema"]!["0"]!["KeyType"], /KeySchema\[0\]: KeyType is required/],
    ["a text instead of a number", (t) => Object.assign(find(t, "AWS::SQS::Queue")[1].Properties, { VisibilityTimeout: "21" }), /"21" is not an integer/],
    ["an object instead of an array", (t) => Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, { Layers: {} }), /Layers: \{\} is not an array/],
    ["a value that is none of few", (t) => Object.assign(find(t, "AWS::DynamoDB::Table")[1].Properties, { BillingMode: "ON_DEMAND" }), /ON_DEMAND is not one of PROVISIONED, PAY_PER_REQUEST/],
    ["a policy of deletion that does not exist", (t) => (find(t, "AWS::DynamoDB::Table")[1]["DeletionPolicy"] = "Keep"), /DeletionPolicy: Keep is not possible/],
    ["a reference to nothing", (t) => Object.assign(find(t, "AWS::ApiGatewayV2::Stage")[1].Properties, { ApiId: { Ref: "Gone" } }), /ApiId: there is no Gone/],
    ["a dependency on nothing", (t) => (find(t, "AWS::ApiGatewayV2::Stage")[1].DependsOn = ["Gone"]), /DependsOn: there is no Gone/],
    ["an attribute that does not exist", (t) => Object.assign(find(t, "AWS::Lambda::Function")[1].Properties, { Role: { "Fn::GetAtt": [find(t, "AWS::DynamoDB::Table")[0], "Arm"] } }), /AWS::DynamoDB::Table has no attribute Arm/],
    ["a circle", (t) => (find(t, "AWS::DynamoDB::Table")[1].DependsOn = [find(t, "AWS::Lambda::Function", /Connect/)[0]]), /circular: .*Table.* -> .*Connect/],
    ["an environment that is too large", (t) => Object.assign(find(t, "AWS::Lambda::Function", /Connect/)[1].Properties["Environment"]!["Variables"]!, { LONG: '"'.repeat(2_000) }), /its environment has \d+ bytes/],
    ["a policy that is too large", (t) => Object.assign(find(t, "AWS::IAM::Policy")[1].Properties["PolicyDocument"]!, { Long: "x".repeat(11_000) }), /its policies have \d+ characters/],
    ["a template that is too large", (t) => (find(t, "AWS::SQS::Queue")[1]["Metadata"] = "x".repeat(1_000_000)), /the template has \d+ bytes/],
    ["too many resources", (t) => Object.assign(t.Resources, Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`More${at}`, { Type: "AWS::SQS::Queue" }]))), /the template has \d+ resources/],
  ];

  test.each(planted)("%s", (_, plant, found) => {
    const template = JSON.parse(good) as CfnTemplate;
    plant(template);
    expect(faultsOf(template)).toEqual(expect.arrayContaining([expect.stringMatching(found)]));
  });
});
