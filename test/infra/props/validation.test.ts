import { CfnResource, Duration, RemovalPolicy } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as kms from "aws-cdk-lib/aws-kms";
import { AccessLogs, Denials, Guards } from "../../../infra/index.js";
import { makePushIt, makeStack } from "../synth.js";

const before = process.env["CDK_VALIDATION"];
beforeAll(() => (process.env["CDK_VALIDATION"] = "true"));
afterAll(() => (process.env["CDK_VALIDATION"] = before));

describe("CloudFormation's own rules, which the CDK applies at synthesis", () => {
  test("have nothing against a Push-It as it comes", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test("have nothing against one with every prop in use", () => {
    const stack = makeStack();
    makePushIt(
      {
        guards: Guards.fromModule("test/infra/fixtures/guards.ts", { environment: { MODE: "strict" } }),
        timeouts: { onConnectionRequest: Duration.seconds(5) },
        fanOutBudget: Duration.seconds(5),
        wildcards: ["stories/*"],
        channels: { "prices/*": { latest: true }, "busy/*": { linger: Duration.millis(250) } },
        denials: Denials.REFUSE,
        stageName: "beta",
        accessLogs: AccessLogs.managedRole({ removalPolicy: RemovalPolicy.RETAIN }),
        encryptionKey: new kms.Key(stack, "Key", { enableKeyRotation: true }),
        pointInTimeRecovery: true,
        reservedConcurrency: { connect: 10 },
        publishUrl: true,
      },
      stack,
    );
    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test("are applied here: what breaks one is found", () => {
    const stack = makeStack();
    new CfnResource(stack, "Wrong", { type: "AWS::SQS::Queue", properties: { NoSuchProperty: 1 } });
    expect(() => Template.fromStack(stack)).toThrow("NoSuchProperty");
  });
});
