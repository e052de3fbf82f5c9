import { Stack } from "aws-cdk-lib";
import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import type * as logs from "aws-cdk-lib/aws-logs";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Settings } from "../lambdas/settings.js";
import { someChannel } from "../protocol/channel-settings.js";
import { acknowledge } from "./nag.js";
import type { GuardsConfig } from "./guards.js";
import type { FunctionName } from "./timeouts.js";

/** What a function may do with the table. */
type TableAction =
  "GetItem" | "BatchGetItem" | "Query" | "PutItem" | "BatchWriteItem" | "DeleteItem" | "UpdateItem" | "Scan";

/** What a function may do with the connections of the stage: post to them, ask about them, close them. */
type ConnectionAction = "POST" | "GET" | "DELETE";

/** What a function may do with the queue of segments. What Lambda needs to feed a function, it does in that one's name. */
type QueueAction =
  "SendMessage" | "ReceiveMessage" | "DeleteMessage" | "GetQueueAttributes" | "ChangeMessageVisibility";

/** What a function may do. */
export interface Permissions {
  readonly table: readonly TableAction[];
  readonly connections: readonly ConnectionAction[];
  readonly queue?: readonly QueueAction[];
}

/** What telling a connection that it has no agent, or none any more, and closing it needs. */
const NOTIFY_AND_CLOSE: readonly ConnectionAction[] = ["POST", "DELETE"];

const PUBLICATION: Permissions = {
  table: ["GetItem", "BatchGetItem", "Query", "DeleteItem", "BatchWriteItem"],
  connections: NOTIFY_AND_CLOSE,
  queue: ["SendMessage"],
};

/** What each function may do, whatever its channels' options: what its code does, and no more. There is no index. */
const PERMISSIONS: { readonly [name in FunctionName]: Permissions } = {
  connect: { table: ["Query", "DeleteItem", "BatchWriteItem"], connections: [] },
  disconnect: { table: ["Query", "DeleteItem", "BatchWriteItem"], connections: [] },
  handshake: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
  subscribe: { table: ["GetItem", "Query", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
  unsubscribe: { table: ["GetItem", "Query", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
  publish: PUBLICATION,
  send: PUBLICATION,
  refresh: { table: ["GetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
  ping: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
  presence: { table: ["GetItem", "Query"], connections: NOTIFY_AND_CLOSE },
  history: { table: ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"], connections: NOTIFY_AND_CLOSE },
  default: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
  sweep: { table: ["GetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
  publisher: {
    table: ["BatchGetItem", "Query", "DeleteItem", "BatchWriteItem"],
    connections: NOTIFY_AND_CLOSE,
    queue: ["SendMessage"],
  },
  deliver: {
    // UpdateItem counts the attempts at a segment.
    table: ["BatchGetItem", "Query", "DeleteItem", "BatchWriteItem", "UpdateItem"],
    connections: NOTIFY_AND_CLOSE,
    queue: ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"],
  },
  flush: {
    table: ["BatchGetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"],
    connections: NOTIFY_AND_CLOSE,
    queue: ["SendMessage"],
  },
  announce: {
    table: ["Query", "UpdateItem", "DeleteItem", "BatchWriteItem"],
    connections: NOTIFY_AND_CLOSE,
    queue: ["SendMessage"],
  },
};

/** What brings publications to their subscribers at once. */
const PUBLISHES: readonly FunctionName[] = ["publish", "send", "publisher"];

/** What has the flusher run. */
export const INVOKES_FLUSH: readonly FunctionName[] = [...PUBLISHES, "sweep"];

/** What removes agents: it tells the back end so, where that wants to know. */
const REMOVES: readonly FunctionName[] = [
  ...PUBLISHES,
  "disconnect",
  "refresh",
  "sweep",
  "deliver",
  "flush",
  "announce",
];

/** What begins or ends subscriptions, and so notes who is there. */
const RECORDS_PRESENCE: readonly FunctionName[] = [...REMOVES, "connect", "subscribe", "unsubscribe"];

/** What has it told who comes and goes; what tells it cannot invoke itself. */
export const INVOKES_ANNOUNCE: readonly FunctionName[] = RECORDS_PRESENCE.filter((name) => name !== "announce");

/** What tells the back end of agents and of channels. */
export const PUTS_EVENTS: readonly FunctionName[] = ["connect", ...REMOVES];

/**
 * What a function may do: what some channel's options need is granted only where there is such a channel, and what guards of
 * a module read only where there is a module.
 */
export const permissionsOf = (
  name: FunctionName,
  { channels }: Pick<Settings, "channels">,
  guards: Pick<GuardsConfig, "module"> | undefined,
): Required<Permissions> => {
  const { table, connections, queue = [] } = PERMISSIONS[name];
  const more: TableAction[] = [];
  const publishes = PUBLISHES.includes(name);
  if (publishes && someChannel(channels, ({ lingerMs }) => lingerMs)) more.push("GetItem", "PutItem");
  if (publishes && someChannel(channels, ({ latest, history, lingerMs }) => latest && !history && !lingerMs))
    more.push("UpdateItem");
  if (name === "flush" && someChannel(channels, ({ latest, history, lingerMs }) => latest && !history && lingerMs))
    more.push("UpdateItem");
  if (name === "subscribe" && someChannel(channels, ({ latest }) => latest)) more.push("BatchGetItem");
  if (someChannel(channels, ({ presence }) => presence)) {
    if (RECORDS_PRESENCE.includes(name)) more.push("GetItem", "UpdateItem");
    if (name === "ping") more.push("BatchGetItem", "UpdateItem");
  }
  if (someChannel(channels, ({ history }) => history)) {
    // Whoever stores or reads a history may have to say that nothing will be at an offset.
    if (publishes || name === "subscribe") more.push("GetItem", "BatchGetItem", "PutItem", "UpdateItem");
    if (name === "ping") more.push("BatchGetItem");
    // To forget a user, it looks for the user's messages in the whole table.
    if (name === "publisher") more.push("Scan");
    // It reads no history itself, but its guard may.
    if (name === "presence" && guards?.module) more.push("BatchGetItem", "PutItem", "UpdateItem");
  }
  return { table: [...new Set([...table, ...more])], connections, queue };
};

const WRITES: readonly TableAction[] = ["PutItem", "BatchWriteItem", "DeleteItem", "UpdateItem"];

/** What reading a table under a customer's key needs, and what writing to it needs besides. */
const READ_KEY = ["kms:Decrypt", "kms:DescribeKey"];
const WRITE_KEY = ["kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];

/** What the functions' permissions are about. */
export interface GrantTargets {
  readonly table: dynamodb.ITable;
  readonly encryptionKey?: kms.IKey;
  readonly api: apigatewayv2.WebSocketApi;
  readonly stageName: string;
  /** Where segments of fan-outs are. */
  readonly queue: sqs.IQueue;
}

/** Gives a function's role what the function needs for its own work. */
export const grantFunctionPermissions = (
  role: iam.Role,
  { table, connections, queue }: Required<Permissions>,
  logGroup: logs.ILogGroup,
  subjects: GrantTargets,
): void => {
  role.addToPolicy(allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logGroup.logGroupArn]));
  role.addToPolicy(
    allow(
      table.map((action) => `dynamodb:${action}`),
      [subjects.table.tableArn],
    ),
  );
  if (queue.length > 0)
    role.addToPolicy(
      allow(
        queue.map((action) => `sqs:${action}`),
        [subjects.queue.queueArn],
      ),
    );
  // DynamoDB and SQS use a customer's key in the name of whoever calls them.
  const writes = table.some((action) => WRITES.includes(action));
  subjects.encryptionKey?.grant(role, ...READ_KEY, ...(writes ? WRITE_KEY : []));
  if (connections.length === 0) return;
  grantConnections(role, connections, subjects);
  for (const arn of connectionArns(connections, subjects)) {
    acknowledge(
      role,
      `AwsSolutions-IAM5[Resource::${flatten(Stack.of(role).resolve(arn))}]`,
      "The ids of connections are not known before they connect; this is one verb on the connections of one stage",
    );
  }
};

/** Gives a grantee some of what `@connections` offers, on one stage only. */
export const grantConnections = (
  grantee: iam.IGrantable,
  actions: readonly ConnectionAction[],
  subjects: Pick<GrantTargets, "api" | "stageName">,
): iam.Grant =>
  iam.Grant.addToPrincipal({
    grantee,
    actions: ["execute-api:ManageConnections"],
    resourceArns: connectionArns(actions, subjects),
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
