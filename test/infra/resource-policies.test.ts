import { Duration } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import { AccessLogs, Guards, type PushItProps } from "../../infra/index.js";
import { FUNCTIONS } from "../../infra/functions/registry.js";
import { ROUTE_NAMES, routeOf } from "../../infra/functions/routes.js";
import { makeStack, readable, resourcesOf, synthesize } from "./synth.js";

// What permits something and is not asked in a local run, so that no end-to-end test misses it: `npm run iam:mutate`
// names this file for each.

/** Every function, every route and every schedule that there can be. */
const EVERYTHING: PushItProps = {
  guards: Guards.fromModule("test/infra/fixtures/guards.ts"),
  channels: { "all/*": { history: {}, presence: true, linger: Duration.millis(250) } },
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

describe("who may invoke the functions", () => {
  const permissions = all("AWS::Lambda::Permission");

  test("the API, each for its own route", () => {
    const api = permissions.filter(({ Principal }) => Principal === "apigateway.amazonaws.com");
    const arnOf = (key: string): string =>
      `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/*${key}`;
    const expected = ROUTE_NAMES.map((name) =>
      invoke(FUNCTIONS[name].id, "apigateway.amazonaws.com", arnOf(routeOf(name).key)),
    );
    expect(api).toHaveLength(expected.length);
    expect(api).toEqual(expect.arrayContaining(expected));
  });

  test("the clock, for the sweep and for telling who is there; and nobody else", () => {
    const others = permissions.filter(({ Principal }) => Principal !== "apigateway.amazonaws.com");
    expect(others).toHaveLength(2);
    expect(others).toEqual(
      expect.arrayContaining([
        invoke("Sweep", "events.amazonaws.com", "<SweepSchedule.Arn>"),
        invoke("Announce", "events.amazonaws.com", "<PresenceSchedule.Arn>"),
      ]),
    );
  });
});

test("both queues refuse whatever does not come by TLS, and their policies permit nothing", () => {
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

test("the key that is made leaves it to the account's policies who may use it", () => {
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

test("every role is Lambda's to assume, for a function, and nobody else's", () => {
  const roles = all("AWS::IAM::Role");
  expect(roles).toHaveLength(all("AWS::Lambda::Function").length);
  for (const { AssumeRolePolicyDocument: document } of roles)
    expect(document).toEqual(assumedBy("lambda.amazonaws.com"));
});

test("but the one that access logs are written with, which is API Gateway's and has what its documentation asks for", () => {
  const logged = synthesize({ accessLogs: AccessLogs.managedRole() }, makeStack());
  const [, role] = Object.entries(resourcesOf(logged, "AWS::IAM::Role")).find(([id]) =>
    id.startsWith("PushItApiGatewayAccount"),
  )!;
  expect(readable(role.Properties)).toMatchObject({
    AssumeRolePolicyDocument: assumedBy("apigateway.amazonaws.com"),
    ManagedPolicyArns: ["arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"],
  });
});
