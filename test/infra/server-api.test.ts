import { Duration } from "aws-cdk-lib";
import type { Template } from "aws-cdk-lib/assertions";
import { Template as Templates } from "aws-cdk-lib/assertions";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Guards, type PublishTargetProps } from "../../infra/index.js";
import { makePushIt, makeStack, only, readable, resourcesOf } from "./synth.js";

const PUBLISHER = "<PublisherFunction.Arn>";

const setUp = (props: Parameters<typeof makePushIt>[0] = {}) => {
  const stack = makeStack();
  const pushIt = makePushIt(props, stack);
  const publisherRole = new iam.Role(stack, "BackEnd", {
    assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
  });
  return { stack, pushIt, publisherRole, template: () => Templates.fromStack(stack) };
};

/** The role of a server program. */
const statements = (template: Template): unknown[] => {
  const policies = Object.entries(resourcesOf(template, "AWS::IAM::Policy")).filter(([id]) => id.startsWith("BackEnd"));
  return policies.flatMap(
    ([, { Properties }]) => (readable(Properties["PolicyDocument"]) as { Statement: unknown[] }).Statement,
  );
};

describe("grantPublish", () => {
  // CloudFormation would report a circular dependency.
  test("is refused to guard functions that this function invokes", () => {
    const stack = makeStack();
    const guard = (id: string) =>
      new lambda.Function(stack, id, {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: "index.handler",
        code: lambda.Code.fromInline("0"),
      });
    const [departure, connection] = [guard("Departure"), guard("Connection")];
    const pushIt = makePushIt(
      { guards: Guards.fromLambda({ onDisconnect: departure, onConnectionRequest: connection }) },
      stack,
    );
    expect(() => pushIt.grantPublish(departure)).toThrow(
      "Test/PushIt: grantPublish: the publisher invokes these guards",
    );
    expect(() => pushIt.grantPublish(pushIt.guards)).toThrow("grantPublish");
    expect(pushIt.grantPublish(connection).success).toBe(true);
  });

  test("permits invoking the function only, without its versions", () => {
    const { pushIt, publisherRole, template } = setUp();
    expect(pushIt.grantPublish(publisherRole).success).toBe(true);
    expect(statements(template())).toEqual([{ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: PUBLISHER }]);
  });

  test("needs the function's name, which the construct exposes", () => {
    const { stack, pushIt } = setUp();
    expect(readable(stack.resolve(pushIt.publisherName))).toBe("<PublisherFunction>");
  });
});

describe("the function's URL", () => {
  test("does not exist by default, and a grant explains what to do", () => {
    const { pushIt, publisherRole, template } = setUp();
    expect(pushIt.publishUrl).toBeUndefined();
    expect(resourcesOf(template(), "AWS::Lambda::Url")).toEqual({});
    expect(() => pushIt.grantPublishUrl(publisherRole)).toThrow(
      "Test/PushIt: grantPublishUrl needs the URL: set the prop publishUrl to true",
    );
  });

  test("needs IAM credentials and a grant", () => {
    const { stack, pushIt, template } = setUp({ publishUrl: true });
    expect(readable(only(template(), "AWS::Lambda::Url").Properties)).toEqual({
      AuthType: "AWS_IAM",
      TargetFunctionArn: PUBLISHER,
    });
    expect(readable(stack.resolve(pushIt.publishUrl))).toMatch(/FunctionUrl.*\.FunctionUrl>$/);
    const permissions = Object.values(resourcesOf(template(), "AWS::Lambda::Permission"));
    expect(JSON.stringify(permissions)).not.toContain("PublisherFunction");
  });

  test("needs two permissions, which one grant gives for the URL only", () => {
    const { pushIt, publisherRole, template } = setUp({ publishUrl: true });
    pushIt.grantPublishUrl(publisherRole);
    expect(statements(template())).toEqual([
      {
        Effect: "Allow",
        Action: "lambda:InvokeFunctionUrl",
        Resource: PUBLISHER,
        Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
      },
      {
        Effect: "Allow",
        Action: "lambda:InvokeFunction",
        Resource: PUBLISHER,
        Condition: { Bool: { "lambda:InvokedViaFunctionUrl": true } },
      },
    ]);
  });
});

describe("publishTarget", () => {
  const target = (props: PublishTargetProps) => {
    const { stack, pushIt, template } = setUp();
    const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
    rule.addTarget(pushIt.publishTarget(props));
    const [, found] = Object.entries(resourcesOf(template(), "AWS::Events::Rule")).find(([id]) =>
      id.startsWith("Rule"),
    )!;
    const [made] = readable(found.Properties["Targets"]) as [{ InputTransformer: { InputTemplate: string } }];
    return { made, template: template(), stack };
  };

  test("makes one message per event, with a uuid from event and target", () => {
    const order = events.EventField.fromPath("$.detail.order");
    const { made } = target({
      channel: `shops/${events.EventField.fromPath("$.detail.shop")}`,
      data: { order, kind: "sold" },
    });
    expect(made).toMatchObject({
      Arn: PUBLISHER,
      InputTransformer: {
        InputPathsMap: { "detail-order": "$.detail.order", "detail-shop": "$.detail.shop", id: "$.id" },
      },
    });
    expect(made.InputTransformer.InputTemplate).toMatch(
      /^\{"version":1,"publish":\[\{"channel":"shops\/<detail-shop>","uuid":"<id>-[0-9a-f]{8}","data":\{"order":<detail-order>,"kind":"sold"\}\}\]\}$/,
    );
  });

  test("can publish to a user", () => {
    const { made } = target({ userId: events.EventField.fromPath("$.detail.customer"), data: 1 });
    expect(made.InputTransformer.InputTemplate).toMatch(
      /^\{"version":1,"publish":\[\{"userId":<detail-customer>,"uuid":"<id>-[0-9a-f]{8}","data":1\}\]\}$/,
    );
  });

  test("uses another uuid per target, the same in each synthesis", () => {
    const uuids = (): string[] => {
      const { stack, pushIt, template } = setUp();
      for (const name of ["One", "Two"]) {
        const rule = new events.Rule(stack, name, { eventPattern: { source: ["shop"] } });
        for (const data of [1, 2]) rule.addTarget(pushIt.publishTarget({ channel: "sold", data }));
      }
      return JSON.stringify(template().toJSON()).match(/<id>-[0-9a-f]{8}/g) ?? [];
    };
    expect(new Set(uuids()).size).toBe(4);
    expect(uuids()).toEqual(uuids());
  });

  test("permits only its own rule to invoke the function", () => {
    const { template } = target({ channel: "sold", data: 1 });
    const permissions = Object.values(resourcesOf(template, "AWS::Lambda::Permission")).map(({ Properties }) =>
      readable(Properties),
    );
    expect(permissions.filter((each) => JSON.stringify(each).includes("PublisherFunction"))).toEqual([
      {
        Action: "lambda:InvokeFunction",
        FunctionName: PUBLISHER,
        Principal: "events.amazonaws.com",
        SourceArn: expect.stringMatching(/^<Rule\w*\.Arn>$/),
      },
    ]);
  });

  test("passes on the options for events that cannot be delivered", () => {
    const stack = makeStack();
    const pushIt = makePushIt({}, stack);
    const deadLetterQueue = new sqs.Queue(stack, "Lost");
    const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
    rule.addTarget(
      pushIt.publishTarget({
        channel: "sold",
        data: 1,
        deadLetterQueue,
        retryAttempts: 3,
        maxEventAge: Duration.minutes(2),
      }),
    );
    const template = Templates.fromStack(stack);
    const [policy] = Object.entries(resourcesOf(template, "AWS::SQS::QueuePolicy")).filter(([id]) =>
      id.startsWith("Lost"),
    );
    expect(readable(policy?.[1].Properties["PolicyDocument"])).toMatchObject({
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "events.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: expect.stringMatching(/^<Lost\w*\.Arn>$/),
        },
      ],
    });
    template.hasResourceProperties("AWS::Events::Rule", {
      Targets: [
        {
          RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 120 },
          DeadLetterConfig: { Arn: stack.resolve(deadLetterQueue.queueArn) },
        },
      ],
    });
  });

  test.each<[Partial<PublishTargetProps>, string]>([
    [{}, "publishTarget needs either a channel or a userId"],
    [{ channel: "a", userId: "b" }, "publishTarget needs either a channel or a userId"],
    [{ channel: "a b" }, 'publishTarget: nothing can be published on "a b"'],
    [{ channel: "stories/*" }, 'publishTarget: nothing can be published on "stories/*"'],
    [{ channel: "/meta/user/ann" }, 'publishTarget: nothing can be published on "/meta/user/ann"'],
    [{ userId: "" }, "publishTarget: a userId is 1 to 128 characters"],
  ])("refuses %j", (props, error) => {
    expect(() => target({ data: 1, ...props })).toThrow(`Test/PushIt: ${error}`);
  });
});
