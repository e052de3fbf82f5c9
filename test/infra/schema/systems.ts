import { Duration, RemovalPolicy, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { AccessLogs, Denials, Guards, type PushItProps } from "../../../infra/index.js";
import { makePushIt, makeStack } from "../synth.js";
import type { CfnTemplate } from "./template.js";

const templateOf = (stack: Stack): CfnTemplate => Template.fromStack(stack).toJSON() as CfnTemplate;

/** A Push-It as it comes, or with these props. */
export const plain = (props: PushItProps = {}, stack = makeStack()): CfnTemplate => {
  makePushIt(props, stack);
  return templateOf(stack);
};

/** A Push-It with everything that it can have, and what can be granted and made with it. */
export const everything = (stack = makeStack()): CfnTemplate => {
  const runtime = {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: lambda.Code.fromInline("exports.handler = () => {};"),
  };
  const guard = new lambda.Function(stack, "Guard", runtime);
  const secret = new secretsmanager.Secret(stack, "Secret", {
    encryptionKey: new kms.Key(stack, "SecretKey", { enableKeyRotation: true }),
  });
  const pushIt = makePushIt(
    {
      guards: Guards.combine(
        Guards.fromModule("test/infra/fixtures/guards.ts", {
          environment: { MODE: "strict" },
          secrets: { KEY: secret },
        }),
        Guards.fromLambda({
          onDisconnect: guard,
          channels: { "private/*": { onSubscriptionRequest: guard, onMessageReceived: guard } },
        }),
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
      reservedConcurrency: { connect: 10, fanOutWorker: 20 },
      accessLogs: AccessLogs.managedRole({ removalPolicy: RemovalPolicy.RETAIN }),
      encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
      architecture: lambda.Architecture.X86_64,
    },
    stack,
  );
  const backEnd = new iam.Role(stack, "BackEnd", { assumedBy: new iam.ServicePrincipal("ecs-tasks.amazonaws.com") });
  for (const grant of ["grantPublish", "grantPublishUrl", "grantDisconnect", "grantConnectionInfo"] as const)
    pushIt[grant](backEnd);
  const rule = new events.Rule(stack, "Rule", { eventPattern: { source: ["shop"] } });
  rule.addTarget(
    pushIt.publishTarget({ channel: "shop", data: { order: events.EventField.fromPath("$.detail.order") } }),
  );
  return templateOf(stack);
};
