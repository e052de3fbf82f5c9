import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { AwsSolutionsChecks } from "cdk-nag";
import { AccessLogs, Denials, Guards, type PushItProps } from "../../infra/index.js";
import { makePushIt, makeStack } from "./synth.js";

/** The findings of AWS Solutions in a stack, without suppressed ones. */
const findings = (stack: Stack): string[] =>
  new AwsSolutionsChecks()
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );

const check = (props: PushItProps, stack = makeStack()): string[] => {
  makePushIt(props, stack);
  return findings(stack);
};

/** Every suppression in the tree, by rule. */
const answers = (stack: Stack): string[] =>
  stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === "aws:cdk:acknowledged-rules")
    .flatMap(({ data }) => Object.keys(data as object))
    .map((id) => id.replace(/^annotation::/i, "").replace(/\[.*/, ""));

describe("cdk-nag's AWS Solutions", () => {
  test("finds nothing in a Push-It with default props", () => {
    expect(check({})).toEqual([]);
  });

  test("finds nothing with every prop in use", () => {
    const stack = makeStack();
    const encryptionKey = new kms.Key(stack, "Key", { enableKeyRotation: true });
    expect(
      check(
        {
          guards: Guards.fromModule("test/infra/fixtures/guards.ts", { environment: { A: "b" } }),
          timeouts: { onConnectionRequest: Duration.seconds(5) },
          fanOutBudget: Duration.seconds(5),
          wildcards: ["stories/*"],
          denials: Denials.REFUSE,
          stageName: "beta",
          accessLogs: AccessLogs.managedRole({ removalPolicy: RemovalPolicy.RETAIN }),
          encryptionKey,
          pointInTimeRecovery: true,
          reservedConcurrency: { connect: 10 },
          publishUrl: true,
        },
        stack,
      ),
    ).toEqual([]);
  });

  test("finds nothing in grants to servers or rules that publish", () => {
    const stack = makeStack();
    const pushIt = makePushIt({ publishUrl: true }, stack);
    const publisherRole = new iam.Role(stack, "BackEnd", {
      assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
    });
    pushIt.grantPublish(publisherRole);
    pushIt.grantPublishUrl(publisherRole);
    const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
    rule.addTarget(
      pushIt.publishTarget({ channel: "shop", data: { order: events.EventField.fromPath("$.detail.order") } }),
    );
    expect(findings(stack)).toEqual([]);
  });

  test("finds nothing if the account and the Region are known", () => {
    const { node } = makeStack();
    const stack = new Stack(node.root, "Known", { env: { account: "111122223333", region: "eu-central-1" } });
    expect(check({}, stack)).toEqual([]);
  });

  test("is suppressed for four rules only, each with a reason", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    expect([...new Set(answers(stack))].sort()).toEqual([
      "AwsSolutions-APIG1",
      "AwsSolutions-APIG4",
      "AwsSolutions-DDB3",
      "AwsSolutions-IAM5",
    ]);
  });

  test("is not suppressed by a CDK that refuses its ids", () => {
    // As a CDK of 2.255 does with an id that has "::" twice.
    const refusing = jest.spyOn(Validations.prototype, "acknowledge").mockImplementation(() => {
      throw new Error("Invalid validation rule ID");
    });
    const stack = makeStack();
    makePushIt({}, stack);
    refusing.mockRestore();
    expect(answers(stack)).toEqual([]);
  });

  test("still finds problems outside of the construct", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    new secretsmanager.Secret(stack, "Unrotated");
    expect(findings(stack)).toEqual([expect.stringContaining("AwsSolutions-SMG4")]);
  });
});
