import * as lambda from "aws-cdk-lib/aws-lambda";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import * as kms from "aws-cdk-lib/aws-kms";
import { Template } from "aws-cdk-lib/assertions";
import { Guards } from "../../../infra/index.js";
import { makePushIt, makeStack, makeStackIn, resourcesOf, synthesize } from "../synth.js";

describe("publishUrl", () => {
  test.each(["eu-central-2", "ap-southeast-7", "cn-north-1", "cn-northwest-1"])(
    "is refused in %s, which has no function URLs",
    (region) => {
      expect(() => makePushIt({ publishUrl: true }, makeStackIn(region))).toThrow(
        `PushIt: publishUrl: ${region} has no Lambda function URLs. Leave publishUrl out, and let the back end invoke the function`,
      );
      expect(() => makePushIt({}, makeStackIn(region))).not.toThrow();
    },
  );

  test("is available in other Regions, and in an unknown Region", () => {
    for (const stack of [makeStackIn("eu-central-1"), makeStack()]) {
      expect(Object.keys(resourcesOf(synthesize({ publishUrl: true }, stack), "AWS::Lambda::Url"))).toHaveLength(1);
    }
  });
});

test("the functions run on the runtime of the prop", () => {
  const functions = Object.values(
    resourcesOf(synthesize({ architecture: lambda.Architecture.X86_64 }), "AWS::Lambda::Function"),
  );
  expect(new Set(functions.map(({ Properties }) => String(Properties.Architectures)))).toEqual(new Set(["x86_64"]));
});

describe("a guard function of another Region", () => {
  const asking =
    (region: string, stack = makeStackIn("eu-central-1")) =>
    () => {
      const guard = lambda.Function.fromFunctionArn(
        stack,
        "Guard",
        `arn:aws:lambda:${region}:111122223333:function:guard`,
      );
      makePushIt({ guards: Guards.fromLambda({ channels: { "private/*": { onSubscriptionRequest: guard } } }) }, stack);
    };

  test("is refused, because the functions invoke it in their own Region", () => {
    expect(asking("eu-west-1")).toThrow(
      'guards: the function for channels["private/*"].onSubscriptionRequest is in eu-west-1, but this Push-It is in eu-central-1',
    );
  });

  test("is accepted in the same Region, or if a Region is unknown", () => {
    expect(asking("eu-central-1")).not.toThrow();
    expect(asking("eu-west-1", makeStack())).not.toThrow();
  });
});

test("a secret's key can be used through Secrets Manager in any partition", () => {
  const stack = makeStack();
  const encryptionKey = new kms.Key(stack, "Key");
  const secret = new secretsmanager.Secret(stack, "Secret", { encryptionKey });
  makePushIt({ guards: Guards.fromModule("test/infra/fixtures/guards.ts", { secrets: { KEY: secret } }) }, stack);
  const text = JSON.stringify(Template.fromStack(stack).findResources("AWS::IAM::Policy"));
  expect(text).toContain(
    '"kms:ViaService":[{"Fn::Join":["",["secretsmanager.",{"Ref":"AWS::Region"},".amazonaws.com"]]},{"Fn::Join":["",["secretsmanager.",{"Ref":"AWS::Region"},".",{"Ref":"AWS::URLSuffix"}]]}]',
  );
});

test("Lambda does not retry announce, because it runs each minute", () => {
  const configs = resourcesOf(
    synthesize({ channels: { "rooms/*": { presence: true } } }),
    "AWS::Lambda::EventInvokeConfig",
  );
  const [, announce] = Object.entries(configs).find(([id]) => id.includes("Announce"))!;
  expect(announce.Properties).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
});
