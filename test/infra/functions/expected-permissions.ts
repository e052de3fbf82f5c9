import { readable, resourcesOf, type synthesize } from "../synth.js";

const STAGE = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/live";
/** Posting to connections. */
export const post = `${STAGE}/POST/@connections/*`;
const close = `${STAGE}/DELETE/@connections/*`;

const QUEUE = "<DeliveriesQueue.Arn>";
/** The permission of a function that sends to the queue. */
export const enqueue = { [QUEUE]: ["sqs:SendMessage"] };
/** The permissions of a function that posts to connections and closes them. */
export const notifyAndClose = { [close]: ["execute-api:ManageConnections"], [post]: ["execute-api:ManageConnections"] };

/** The permissions of each role, without those for its own logs. */
export const EXPECTED: Record<string, Record<string, string[]>> = {
  Connect: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"] },
  Disconnect: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"] },
  Handshake: { "<Table.Arn>": ["dynamodb:GetItem"], ...notifyAndClose },
  Subscribe: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:Query"], ...notifyAndClose },
  Unsubscribe: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:Query"], ...notifyAndClose },
  Publish: {
    "<Table.Arn>": [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:Query",
    ],
    ...notifyAndClose,
    ...enqueue,
  },
  Refresh: {
    "<Table.Arn>": [
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
    ],
    ...notifyAndClose,
  },
  Publisher: {
    "<Table.Arn>": ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"],
    ...notifyAndClose,
    ...enqueue,
  },
  Deliver: {
    "<Table.Arn>": [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ],
    ...notifyAndClose,
    [QUEUE]: [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ],
  },
  Ping: { "<Table.Arn>": ["dynamodb:GetItem"], ...notifyAndClose },
  Heartbeat: { "<Table.Arn>": ["dynamodb:GetItem"], ...notifyAndClose },
  DefaultRoute: { "<Table.Arn>": ["dynamodb:GetItem"], ...notifyAndClose },
  Sweep: {
    "<Table.Arn>": [
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
    ],
    ...notifyAndClose,
  },
};
EXPECTED.Send = EXPECTED.Publish!;

interface Statement {
  Action: string | string[];
  Resource: string | string[];
  Effect: string;
}

/** All statements of the template's policies, by their role. */
export const statements = (template: ReturnType<typeof synthesize>): [role: string, Statement][] =>
  Object.values(resourcesOf(template, "AWS::IAM::Policy")).flatMap(({ Properties }) => {
    const { Roles, PolicyDocument } = readable(Properties) as {
      Roles: string[];
      PolicyDocument: { Statement: Statement[] };
    };
    return Roles.flatMap((role) =>
      PolicyDocument.Statement.map((statement) => [role, statement] as [string, Statement]),
    );
  });

/** The permissions of each role, by resource. */
export const permissions = (template: ReturnType<typeof synthesize>) => {
  const result: Record<string, Record<string, string[]>> = {};
  for (const [role, { Action, Resource }] of statements(template)) {
    const resources = (result[role.replace(/^<(\w+)Role>$/, "$1")] ??= {});
    for (const resource of [Resource].flat()) {
      resources[resource] = [...(resources[resource] ?? []), ...[Action].flat()].sort();
    }
  }
  return result;
};

/** The permissions of a role, with those for its own logs. */
export const withLogs = (name: string) => ({
  ...EXPECTED[name],
  [`<${name}Logs.Arn>`]: ["logs:CreateLogStream", "logs:PutLogEvents"],
});
