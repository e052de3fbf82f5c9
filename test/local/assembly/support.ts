import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Resource, Template } from "../../../local/assembly/template/template.js";

/** One stack to write. */
export interface StackFixture {
  name: string;
  template: Template;
  /** Such as `aws://123456789012/eu-west-1`. */
  environment?: string;
  metadata?: Record<string, { type: string; data: string }[]>;
}

/** The key of the one asset that every fixture has. */
const ASSET_KEY = "0123abcd.zip";

const folders: string[] = [];

/** A new folder for an assembly. */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "assembly-test-"));
  folders.push(folder);
  return folder;
};

/** Removes every folder that was made. */
export const removeFolders = (): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

/** Writes a cloud assembly into a new folder. */
export const writeAssembly = (...stacks: StackFixture[]): string => {
  const folder = newFolder();
  writeStacks(folder, stacks);
  return folder;
};

/** Writes stacks as an assembly into a folder that exists. */
export const writeStacks = (folder: string, stacks: StackFixture[]): void => {
  mkdirSync(join(folder, "asset.0123abcd"), { recursive: true });
  writeFileSync(join(folder, "asset.0123abcd/index.mjs"), "export const handler = async () => ({ statusCode: 200 });");
  const artifacts = stacks.flatMap(
    ({ name, template, environment = "aws://unknown-account/unknown-region", metadata }) => {
      writeFileSync(join(folder, `${name}.template.json`), JSON.stringify(template));
      writeFileSync(join(folder, `${name}.assets.json`), JSON.stringify(ASSETS));
      const properties = { templateFile: `${name}.template.json` };
      const stack = {
        type: "aws:cloudformation:stack",
        environment,
        metadata,
        properties,
        dependencies: [`${name}.assets`],
      };
      return [
        [name, stack],
        [`${name}.assets`, { type: "cdk:asset-manifest", properties: { file: `${name}.assets.json` } }],
      ];
    },
  );
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ artifacts: Object.fromEntries(artifacts) }));
};

const ASSETS = {
  files: {
    "0123abcd": {
      source: { path: "asset.0123abcd", packaging: "zip" },
      destinations: { current: { bucketName: "assets", objectKey: ASSET_KEY } },
    },
  },
};

/** A resource that belongs to a construct. */
export const resource = (
  path: string,
  type: string,
  properties: object = {},
  more: Partial<Resource> = {},
): Resource => ({
  Type: type,
  Properties: properties as Record<string, unknown>,
  ...more,
  Metadata: { "aws:cdk:path": path, ...more.Metadata },
});

/** A function whose code is the fixture's asset. */
export const fn = (path: string, properties: object = {}): Resource =>
  resource(path, "AWS::Lambda::Function", {
    Code: { S3Bucket: { "Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}" }, S3Key: ASSET_KEY },
    Handler: "index.handler",
    Runtime: "nodejs24.x",
    ...properties,
  });

const arnOf = (logicalId: string) => ({ "Fn::GetAtt": [logicalId, "Arn"] });

/** A small construct as the CDK synthesizes it: one function behind two routes, a table, a sweep. */
export const construct = (path = "App/PushIt"): Record<string, Resource> => {
  const api = { ApiId: { Ref: "Api" } };
  return {
    Role: resource(`${path}/Role`, "AWS::IAM::Role"),
    Logs: resource(`${path}/Logs`, "AWS::Logs::LogGroup"),
    Policy: resource(`${path}/Policy`, "AWS::IAM::Policy", {
      PolicyName: "Policy",
      Roles: [{ Ref: "Role" }],
      PolicyDocument: {
        Statement: [
          { Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:PutItem"], Resource: arnOf("Table") },
          {
            Effect: "Allow",
            Action: "execute-api:ManageConnections",
            Resource: {
              "Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/live/POST/@connections/*",
            },
          },
          { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:*:*:secret:*" },
        ],
      },
    }),
    Fn: fn(`${path}/Fn`, {
      Role: arnOf("Role"),
      Timeout: 12,
      MemorySize: 512,
      ReservedConcurrentExecutions: 7,
      LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "WARN" },
      Environment: { Variables: { TABLE_NAME: { Ref: "Table" }, URL: callbackUrl } },
    }),
    Table: resource(`${path}/Table`, "AWS::DynamoDB::Table", {
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    }),
    Api: resource(
      `${path}/Api`,
      "AWS::ApiGatewayV2::Api",
      { ProtocolType: "WEBSOCKET", RouteSelectionExpression: "$request.body.action" },
      { Metadata: { "push-it:construct": { path, version: 1 } } },
    ),
    Stage: resource(`${path}/Stage`, "AWS::ApiGatewayV2::Stage", {
      ...api,
      StageName: "live",
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 50 },
      RouteSettings: { $connect: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 5 } },
    }),
    Integration: resource(`${path}/Integration`, "AWS::ApiGatewayV2::Integration", {
      ...api,
      IntegrationType: "AWS_PROXY",
      TimeoutInMillis: 20_000,
      IntegrationUri: {
        "Fn::Join": ["", ["arn:aws:apigateway:x:lambda:path/functions/", arnOf("Fn"), "/invocations"]],
      },
    }),
    Connect: resource(`${path}/Connect`, "AWS::ApiGatewayV2::Route", { ...api, RouteKey: "$connect", Target: target }),
    Ping: resource(`${path}/Ping`, "AWS::ApiGatewayV2::Route", { ...api, RouteKey: "ping", Target: target }),
    PingResponse: resource(`${path}/PingResponse`, "AWS::ApiGatewayV2::RouteResponse", {
      ...api,
      RouteId: { Ref: "Ping" },
    }),
    Sweep: resource(`${path}/Sweep`, "AWS::Events::Rule", {
      ScheduleExpression: "rate(15 minutes)",
      Targets: [{ Arn: arnOf("Fn"), Id: "Target0" }],
    }),
  };
};

const target = { "Fn::Join": ["", ["integrations/", { Ref: "Integration" }]] };

const callbackUrl = {
  "Fn::Join": [
    "",
    ["https://", { Ref: "Api" }, ".execute-api.", { Ref: "AWS::Region" }, ".", { Ref: "AWS::URLSuffix" }, "/live"],
  ],
};
