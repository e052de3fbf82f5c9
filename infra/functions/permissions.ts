import { Stack } from "aws-cdk-lib";
import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as logs from "aws-cdk-lib/aws-logs";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Settings } from "../../lambdas/settings.js";
import { someChannel } from "../../protocol/channel-settings.js";
import { acknowledge } from "../nag.js";
import type { GuardsConfig } from "../guards/guards.js";
import type { ConnectionAction, Permissions, TableAction } from "./function-spec.js";
import { type FunctionName, FUNCTIONS } from "./registry.js";

/**
 * The permissions of a function. The construct grants the needs of a channel option only if some channel has that
 * option. It grants the needs of a guard module only if there is a module.
 */
export const permissionsOf = (
  name: FunctionName,
  { channels }: Pick<Settings, "channels">,
  guards: Pick<GuardsConfig, "module"> | undefined,
): Required<Permissions> => {
  const { permissions, permissionsIf = [] } = FUNCTIONS[name];
  const { table, connections, queue = [] } = permissions;
  const more = permissionsIf
    .filter((each) => someChannel(channels, each.if) && (!each.ifGuardModule || guards?.module))
    .flatMap((each) => each.table);
  return { table: [...new Set([...table, ...more])], connections, queue };
};

const WRITES: readonly TableAction[] = ["PutItem", "BatchWriteItem", "DeleteItem", "UpdateItem"];

/** Key actions for reading a table under a customer's key, and the additional actions for writing to it. */
const READ_KEY = ["kms:Decrypt", "kms:DescribeKey"];
const WRITE_KEY = ["kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/** The resources that the functions' permissions name. */
export interface GrantTargets {
  readonly table: dynamodb.ITable;
  readonly encryptionKey?: kms.IKey;
  readonly api: apigatewayv2.WebSocketApi;
  readonly stageName: string;
  /** The queue of fan-out segments. */
  readonly queue: sqs.IQueue;
}

/** Grants a function's role the permissions for its own work. */
export const grantFunctionPermissions = (
  role: iam.Role,
  { table, connections, queue }: Required<Permissions>,
  logGroup: logs.ILogGroup,
  targets: GrantTargets,
): void => {
  role.addToPolicy(allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logGroup.logGroupArn]));
  role.addToPolicy(
    allow(
      table.map((action) => `dynamodb:${action}`),
      [targets.table.tableArn],
    ),
  );
  if (queue.length > 0)
    role.addToPolicy(
      allow(
        queue.map((action) => `sqs:${action}`),
        [targets.queue.queueArn],
      ),
    );
  // DynamoDB and SQS use a customer's key with the permissions of their caller.
  const writes = table.some((action) => WRITES.includes(action));
  targets.encryptionKey?.grant(role, ...READ_KEY, ...(writes ? WRITE_KEY : []));
  if (connections.length === 0) return;
  grantConnections(role, connections, targets);
  for (const arn of connectionArns(connections, targets)) {
    acknowledge(
      role,
      `AwsSolutions-IAM5[Resource::${flatten(Stack.of(role).resolve(arn))}]`,
      "The ids of connections are not known before they connect; this is one verb on the connections of one stage",
    );
  }
};

/** Grants some actions of `@connections`, on one stage only. */
export const grantConnections = (
  grantee: iam.IGrantable,
  actions: readonly ConnectionAction[],
  targets: Pick<GrantTargets, "api" | "stageName">,
): iam.Grant =>
  iam.Grant.addToPrincipal({
    grantee,
    actions: ["execute-api:ManageConnections"],
    resourceArns: connectionArns(actions, targets),
  });

const allow = (actions: string[], resources: string[]) => new iam.PolicyStatement({ actions, resources });

const connectionArns = (
  actions: readonly ConnectionAction[],
  { api, stageName }: Pick<GrantTargets, "api" | "stageName">,
): string[] =>
  actions.map((action) =>
    Stack.of(api).formatArn({
      service: "execute-api",
      resource: api.apiId,
      resourceName: `${stageName}/${action}/@connections/*`,
    }),
  );

/** A resolved ARN as cdk-nag names it in its findings: references as `<LogicalId>`. */
const flatten = (value: unknown): string => {
  if (typeof value === "string") return value;
  const { Ref: reference, "Fn::Join": join } = value as { Ref?: string; "Fn::Join"?: [string, unknown[]] };
  if (join) return join[1].map(flatten).join(join[0]);
  return `<${reference}>`;
};
