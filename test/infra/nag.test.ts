import { Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { AwsSolutionsChecks } from "cdk-nag";
import { AccessLogs, Denials, Guards, type PushItProps } from "../../infra/index.js";
import { makePushIt, makeStack } from "./synth.js";

/** What AWS Solutions finds in a stack, answered findings left out. */
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

/** Every answer in the tree, by rule. */
const answers = (stack: Stack): string[] =>
  stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === "aws:cdk:acknowledged-rules")
    .flatMap(({ data }) => Object.keys(data as object))
    .map((id) => id.replace(/^annotation::/i, "").replace(/\[.*/, ""));

describe("cdk-nag's AWS Solutions", () => {
  test("finds nothing in a Push-It as it comes", () => {
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

  test("finds nothing in what a back end is granted, nor in a rule that publishes", () => {
    const stack = makeStack();
    const pushIt = makePushIt({ publishUrl: true }, stack);
    const backEnd = new iam.Role(stack, "BackEnd", { assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com") });
    pushIt.grantPublish(backEnd);
    pushIt.grantPublishUrl(backEnd);
    const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
    rule.addTarget(
      pushIt.publishTarget({ channel: "shop", data: { order: events.EventField.fromPath("$.detail.order") } }),
    );
    expect(findings(stack)).toEqual([]);
  });

  test("finds nothing where account and Region are known", () => {
    const { node } = makeStack();
    const stack = new Stack(node.root, "Known", { env: { account: "111122223333", region: "eu-central-1" } });
    expect(check({}, stack)).toEqual([]);
  });

  test("is answered for four rules only, each with a reason in the construct", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    expect([...new Set(answers(stack))].sort()).toEqual([
      "AwsSolutions-APIG1",
      "AwsSolutions-APIG4",
      "AwsSolutions-DDB3",
      "AwsSolutions-IAM5",
    ]);
  });

  test("gets no answer from a CDK that refuses its ids, and a stack all the same", () => {
    // As a CDK of 2.255 does with an id that has "::" twice.
    const refusing = jest.spyOn(Validations.prototype, "acknowledge").mockImplementation(() => {
      throw new Error("Invalid validation rule ID");
    });
    const stack = makeStack();
    makePushIt({}, stack);
    refusing.mockRestore();
    expect(answers(stack)).toEqual([]);
  });

  test("still finds what is outside the construct", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    new secretsmanager.Secret(stack, "Unrotated");
    expect(findings(stack)).toEqual([expect.stringContaining("AwsSolutions-SMG4")]);
  });
});
