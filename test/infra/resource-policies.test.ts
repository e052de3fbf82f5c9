import { Duration } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import { AccessLogs, Guards, type PushItProps } from "../../infra/index.js";
import { FUNCTIONS } from "../../infra/functions/registry.js";
import { ROUTE_NAMES, routeOf } from "../../infra/functions/routes.js";
import { makeStack, readable, resourcesOf, synthesize } from "./synth.js";

// These policies have no effect in a local run, so that no end-to-end test fails without them. `npm run iam:mutate`
// names this file for each of them.

/** Every function, route and schedule of all options. */
const EVERYTHING: PushItProps = {
  guards: Guards.fromModule("test/infra/fixtures/guards.ts"),
  channels: { "all/*": { history: {}, presence: { state: true }, linger: Duration.millis(250) } },
  encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED,
  publishUrl: true,
};

const template = synthesize(EVERYTHING);

/** The properties of all resources of a type, readable. */
const all = (type: string, from = template): Record<string, unknown>[] =>
  Object.values(resourcesOf(from, type)).map(({ Properties }) => readable(Properties) as Record<string, unknown>);

const invoke = (name: string, Principal: string, SourceArn: unknown) => ({
  Action: "lambda:InvokeFunction",
  FunctionName: `<${name}Function.Arn>`,
  Principal,
  SourceArn,
});

describe("the permissions to invoke the functions", () => {
  const permissions = all("AWS::Lambda::Permission");

  test("are the API's, each for its own route", () => {
    const api = permissions.filter(({ Principal }) => Principal === "apigateway.amazonaws.com");
    const arnOf = (key: string): string =>
      `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/*${key}`;
    const expected = ROUTE_NAMES.map((name) =>
      invoke(FUNCTIONS[name].id, "apigateway.amazonaws.com", arnOf(routeOf(name).key)),
    );
    expect(api).toHaveLength(expected.length);
    expect(api).toEqual(expect.arrayContaining(expected));
  });

  test("are the scheduler's for three functions, and no others", () => {
    const others = permissions.filter(({ Principal }) => Principal !== "apigateway.amazonaws.com");
    expect(others).toHaveLength(3);
    expect(others).toEqual(
      expect.arrayContaining([
        invoke("Sweep", "events.amazonaws.com", "<SweepSchedule.Arn>"),
        invoke("Announce", "events.amazonaws.com", "<PresenceSchedule.Arn>"),
        invoke("CheckPresence", "events.amazonaws.com", "<PresenceCheckSchedule.Arn>"),
      ]),
    );
  });
});

test("both queues refuse requests without TLS and permit nothing", () => {
  const refuse = (queue: string) => ({
    Queues: [`<${queue}>`],
    PolicyDocument: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: "sqs:*",
          Resource: `<${queue}.Arn>`,
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    },
  });
  const policies = all("AWS::SQS::QueuePolicy");
  expect(policies).toHaveLength(2);
  expect(policies).toEqual(expect.arrayContaining([refuse("DeliveriesQueue"), refuse("DeliveriesDead")]));
});

test("the key that is made is governed by the account's policies", () => {
  const [key, ...others] = all("AWS::KMS::Key");
  expect(others).toEqual([]);
  expect(key!["KeyPolicy"]).toEqual({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: "arn:<AWS::Partition>:iam::<AWS::AccountId>:root" },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
});

const assumedBy = (Service: string) => ({
  Version: "2012-10-17",
  Statement: [{ Action: "sts:AssumeRole", Effect: "Allow", Principal: { Service } }],
});

test("every role can be assumed by Lambda functions only", () => {
  const roles = all("AWS::IAM::Role");
  expect(roles).toHaveLength(all("AWS::Lambda::Function").length);
  for (const { AssumeRolePolicyDocument: document } of roles)
    expect(document).toEqual(assumedBy("lambda.amazonaws.com"));
});

test("the access-log role is API Gateway's, with its documented permissions", () => {
  const logged = synthesize({ accessLogs: AccessLogs.managedRole() }, makeStack());
  const [, role] = Object.entries(resourcesOf(logged, "AWS::IAM::Role")).find(([id]) =>
    id.startsWith("PushItApiGatewayAccount"),
  )!;
  expect(readable(role.Properties)).toMatchObject({
    AssumeRolePolicyDocument: assumedBy("apigateway.amazonaws.com"),
    ManagedPolicyArns: ["arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
  });
});
