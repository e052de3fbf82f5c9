#!/usr/bin/env node
// Creates resources of a template call by call with the AWS CLI, at the endpoint that the environment names: an emulator of
// AWS. Never at AWS itself. Ends with 1 if a call is refused. Resources that
// the emulator does not know are counted, but do not fail the script.
//   node scripts/create-resources.mjs TEMPLATE
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The call that creates a resource of each type: the service, the command, and its input from the resource's properties. */
const CALLS = {
  "AWS::DynamoDB::Table": [
    "dynamodb",
    "create-table",
    (id, { AttributeDefinitions, KeySchema, BillingMode }) => ({
      TableName: id,
      AttributeDefinitions,
      KeySchema,
      BillingMode,
    }),
  ],
  "AWS::SQS::Queue": [
    "sqs",
    "create-queue",
    (id, { VisibilityTimeout, MessageRetentionPeriod }) => ({
      QueueName: id,
      Attributes: texts({ VisibilityTimeout, MessageRetentionPeriod }),
    }),
  ],
  "AWS::Logs::LogGroup": ["logs", "create-log-group", (id) => ({ logGroupName: id })],
  "AWS::IAM::Role": [
    "iam",
    "create-role",
    (id, { AssumeRolePolicyDocument }) => ({
      RoleName: id,
      AssumeRolePolicyDocument: JSON.stringify(AssumeRolePolicyDocument),
    }),
  ],
  "AWS::ApiGatewayV2::Api": [
    "apigatewayv2",
    "create-api",
    (id, { ProtocolType, RouteSelectionExpression }) => ({ Name: id, ProtocolType, RouteSelectionExpression }),
  ],
};

/** Longest name of a role. @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html */
const NAME_CHARACTERS = 64;

const texts = (attributes) =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );

/** The calls that create what a template has, as far as they are known here. */
export const callsOf = ({ Resources }) =>
  Object.entries(Resources).flatMap(([id, { Type, Properties = {} }]) => {
    if (!Object.hasOwn(CALLS, Type)) return [];
    const [service, command, input] = CALLS[Type];
    return [{ id, service, command, input: input(id.slice(-NAME_CHARACTERS), Properties) }];
  });

const main = ([file]) => {
  const endpoint = process.env.AWS_ENDPOINT_URL ?? "";
  if (!/^https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/?$/.test(endpoint)) {
    throw new Error(
      `AWS_ENDPOINT_URL is "${endpoint}", but must be an emulator on this machine, such as https://127.0.0.1:9297`,
    );
  }
  const counts = { created: 0, unknown: 0, refused: 0 };
  for (const { id, service, command, input } of callsOf(JSON.parse(readFileSync(file, "utf8")))) {
    const { status, stderr } = spawnSync("aws", [service, command, "--cli-input-json", JSON.stringify(input)], {
      encoding: "utf8",
    });
    // It answers 501 for what it does not know.
    const what = status === 0 ? "created" : /501|NotImplemented/.test(stderr) ? "unknown" : "refused";
    counts[what] += 1;
    console.log(`${what.padEnd(8)} ${service} ${command} ${id}${what === "refused" ? `\n${stderr.trim()}` : ""}`);
  }
  console.log(`${counts.created} created, ${counts.unknown} unknown to the emulator, ${counts.refused} refused`);
  if (counts.refused > 0 || counts.created === 0) process.exitCode = 1;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
