import { Duration } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as kms from "aws-cdk-lib/aws-kms";
import { EventBus } from "aws-cdk-lib/aws-events";
import { FUNCTION_NAMES } from "../../../infra/functions/registry.js";
import { isNeeded } from "../../../infra/functions/timeouts.js";
import { AccessLogs, Guards, type PushItProps } from "../../../infra/index.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { makeStack, nameOf, readable, resourcesOf, synthesize } from "../synth.js";

const STAGE = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/live";
const post = `${STAGE}/POST/@connections/*`;
const close = `${STAGE}/DELETE/@connections/*`;

const QUEUE = "<DeliveriesQueue.Arn>";
const handOn = { [QUEUE]: ["sqs:SendMessage"] };
const farewell = { [close]: ["execute-api:ManageConnections"], [post]: ["execute-api:ManageConnections"] };

/** Everything each role may do, besides its own logs. */
const EXPECTED: Record<string, Record<string, string[]>> = {
  Connect: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"] },
  Disconnect: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"] },
  Handshake: { "<Table.Arn>": ["dynamodb:GetItem"], ...farewell },
  Subscribe: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:Query"], ...farewell },
  Unsubscribe: { "<Table.Arn>": ["dynamodb:BatchWriteItem", "dynamodb:GetItem", "dynamodb:Query"], ...farewell },
  Publish: {
    "<Table.Arn>": [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:Query",
    ],
    ...farewell,
    ...handOn,
  },
  Refresh: {
    "<Table.Arn>": [
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
    ],
    ...farewell,
  },
  Publisher: {
    "<Table.Arn>": ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Query"],
    ...farewell,
    ...handOn,
  },
  Deliver: {
    "<Table.Arn>": [
      "dynamodb:BatchGetItem",
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
    ],
    ...farewell,
    [QUEUE]: [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
    ],
  },
  Ping: { "<Table.Arn>": ["dynamodb:GetItem"], ...farewell },
  DefaultRoute: { "<Table.Arn>": ["dynamodb:GetItem"], ...farewell },
  Sweep: {
    "<Table.Arn>": [
      "dynamodb:BatchWriteItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
    ],
    ...farewell,
  },
};
EXPECTED.Send = EXPECTED.Publish!;

interface Statement {
  Action: string | string[];
  Resource: string | string[];
  Effect: string;
}

/** All statements of the template's policies, by the role that has them. */
const statements = (template: ReturnType<typeof synthesize>): [role: string, Statement][] =>
  Object.values(resourcesOf(template, "AWS::IAM::Policy")).flatMap(({ Properties }) => {
    const { Roles, PolicyDocument } = readable(Properties) as {
      Roles: string[];
      PolicyDocument: { Statement: Statement[] };
    };
    return Roles.flatMap((role) =>
      PolicyDocument.Statement.map((statement) => [role, statement] as [string, Statement]),
    );
  });

/** What each role may do, by resource. */
const permissions = (template: ReturnType<typeof synthesize>) => {
  const result: Record<string, Record<string, string[]>> = {};
  for (const [role, { Action, Resource }] of statements(template)) {
    const resources = (result[role.replace(/^<(\w+)Role>$/, "$1")] ??= {});
    for (const resource of [Resource].flat()) {
      resources[resource] = [...(resources[resource] ?? []), ...[Action].flat()].sort();
    }
  }
  return result;
};

const withLogs = (name: string) => ({
  ...EXPECTED[name],
  [`<${name}Logs.Arn>`]: ["logs:CreateLogStream", "logs:PutLogEvents"],
});

describe("what the functions may do", () => {
  const template = synthesize();
  const actual = permissions(template);

  test.each(Object.keys(EXPECTED))("%s: exactly this", (name) => {
    expect(actual[name]).toEqual(withLogs(name));
  });

  test("every function has a role of its own, and there are no others", () => {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(EXPECTED).sort());
    // All but those that only some channels' options need.
    const needed = FUNCTION_NAMES.filter((name) => isNeeded(name, DEFAULT_SETTINGS));
    expect(Object.keys(EXPECTED)).toHaveLength(needed.length);
    const roles = Object.values(resourcesOf(template, "AWS::Lambda::Function")).map(({ Properties }) =>
      readable(Properties.Role),
    );
    expect(new Set(roles).size).toBe(needed.length);
  });

  test("no managed policies, no inline ones, nothing but Allow", () => {
    for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Role"))) {
      expect(Object.keys(Properties)).toEqual(["AssumeRolePolicyDocument"]);
    }
    expect(new Set(statements(template).map(([, { Effect }]) => Effect))).toEqual(new Set(["Allow"]));
  });

  test("no Scan, no wildcard in an action, and in a resource only the connections of this stage", () => {
    for (const [, { Action, Resource }] of statements(template)) {
      for (const action of [Action].flat()) expect(action).not.toMatch(/\*|Scan/);
      for (const resource of [Resource].flat())
        expect(resource.replace(/\/live\/(POST|DELETE)\/@connections\/\*$/, "")).not.toContain("*");
    }
  });

  test("more where a channel keeps its last message: publications update it, subscribe reads it", () => {
    const keeping = permissions(synthesize({ channels: { "prices/*": { latest: true } } }));
    const more: Record<string, string> = {
      Publish: "UpdateItem",
      Send: "UpdateItem",
      Publisher: "UpdateItem",
      Subscribe: "BatchGetItem",
    };
    for (const name of Object.keys(EXPECTED)) {
      const table = [...EXPECTED[name]!["<Table.Arn>"]!, ...(more[name] ? [`dynamodb:${more[name]}`] : [])].sort();
      expect([name, keeping[name]]).toEqual([name, { ...withLogs(name), "<Table.Arn>": table }]);
    }
  });

  test("more where a channel lingers: who publishes and the sweep invoke the flusher, which delivers", () => {
    const lingering = permissions(synthesize({ channels: { "busy/*": { linger: Duration.millis(250) } } }));
    const more: Record<string, string[]> = {
      Publish: ["PutItem"],
      Send: ["PutItem"],
      Publisher: ["GetItem", "PutItem"],
    };
    for (const name of Object.keys(EXPECTED)) {
      const table = [
        ...EXPECTED[name]!["<Table.Arn>"]!,
        ...(more[name] ?? []).map((action) => `dynamodb:${action}`),
      ].sort();
      const invoke = ["Publish", "Send", "Publisher", "Sweep"].includes(name)
        ? { "<FlushFunction.Arn>": ["lambda:InvokeFunction"] }
        : {};
      expect([name, lingering[name]]).toEqual([name, { ...withLogs(name), "<Table.Arn>": table, ...invoke }]);
    }
    expect(lingering.Flush).toEqual({
      "<Table.Arn>": ["BatchGetItem", "BatchWriteItem", "DeleteItem", "PutItem", "Query"].map(
        (action) => `dynamodb:${action}`,
      ),
      "<FlushLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...farewell,
      ...handOn,
    });
  });

  test("more where a channel has history: who publishes or subscribes, and one function more, which reads it; ping reads heads", () => {
    const keeping = permissions(synthesize({ channels: { "kept/*": { history: {} } } }));
    const more: Record<string, string[]> = {
      Publish: ["PutItem", "UpdateItem"],
      Send: ["PutItem", "UpdateItem"],
      Publisher: ["GetItem", "PutItem", "Scan", "UpdateItem"],
      Subscribe: ["BatchGetItem", "PutItem", "UpdateItem"],
      Ping: ["BatchGetItem"],
    };
    for (const name of Object.keys(EXPECTED)) {
      const table = [
        ...EXPECTED[name]!["<Table.Arn>"]!,
        ...(more[name] ?? []).map((action) => `dynamodb:${action}`),
      ].sort();
      expect([name, keeping[name]]).toEqual([name, { ...withLogs(name), "<Table.Arn>": table }]);
    }
    expect(keeping.History).toEqual({
      "<Table.Arn>": ["BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"].map(
        (action) => `dynamodb:${action}`,
      ),
      "<HistoryLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...farewell,
    });
    const both = permissions(
      synthesize({ channels: { "kept/*": { history: {}, latest: true, linger: Duration.millis(250) } } }),
    );
    expect(both.Flush!["<Table.Arn>"]).not.toContain("dynamodb:UpdateItem");
  });

  test("the last message is written by who delivers it: the flusher, where its channel lingers", () => {
    const both = permissions(synthesize({ channels: { "ticker/*": { linger: Duration.millis(250), latest: true } } }));
    // A worker counts attempts.
    expect(Object.keys(both).filter((name) => both[name]!["<Table.Arn>"]!.includes("dynamodb:UpdateItem"))).toEqual([
      "Flush",
      "Deliver",
    ]);
  });

  test("more where a channel has presence: who begins or ends subscriptions notes it, and invokes who tells it", () => {
    const attended = permissions(synthesize({ channels: { "rooms/*": { presence: true } } }));
    const idle = ["Handshake", "DefaultRoute", "Ping"];
    for (const name of Object.keys(EXPECTED)) {
      const more = idle.includes(name) ? [] : ["GetItem", "UpdateItem"];
      const invoke = idle.includes(name) ? {} : { "<AnnounceFunction.Arn>": ["lambda:InvokeFunction"] };
      const actions = [...more, ...(name === "Ping" ? ["BatchGetItem", "UpdateItem"] : [])].map(
        (action) => `dynamodb:${action}`,
      );
      const table = [...new Set([...EXPECTED[name]!["<Table.Arn>"]!, ...actions])].sort();
      expect([name, attended[name]]).toEqual([name, { ...withLogs(name), "<Table.Arn>": table, ...invoke }]);
    }
    expect(attended.Presence).toEqual({
      "<Table.Arn>": ["dynamodb:GetItem", "dynamodb:Query"],
      "<PresenceLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...farewell,
    });
    expect(attended.Announce).toEqual({
      "<Table.Arn>": ["BatchWriteItem", "DeleteItem", "GetItem", "Query", "UpdateItem"].map(
        (action) => `dynamodb:${action}`,
      ),
      "<AnnounceLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...farewell,
      ...handOn,
    });
  });

  test("more where guards of a module may read histories while they decide who may know who is there", () => {
    const channels = { "rooms/*": { presence: true }, "kept/*": { history: {} } };
    const tables = (props: PushItProps): string[] =>
      permissions(synthesize(props)).Presence!["<Table.Arn>"]!.map((action) => action.replace("dynamodb:", ""));
    const guards = Guards.fromModule("test/infra/fixtures/guards.ts");
    expect(tables({ channels, guards })).toEqual(["BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"]);
    expect(tables({ channels })).toEqual(["GetItem", "Query"]);
    expect(tables({ channels: { "rooms/*": { presence: true } }, guards })).toEqual(["GetItem", "Query"]);
  });

  test("more where the back end is told: who lets agents in, and who removes them, puts events on that bus alone", () => {
    const stack = makeStack();
    const eventBus = new EventBus(stack, "Bus");
    const telling = permissions(synthesize({ eventBus, channels: { "rooms/*": { presence: true } } }, stack));
    const puts = Object.keys(telling).filter((name) => telling[name]!["<Bus.Arn>"]);
    expect(puts.sort()).toEqual([
      "Announce",
      "Connect",
      "Deliver",
      "Disconnect",
      "Publish",
      "Publisher",
      "Refresh",
      "Send",
      "Sweep",
    ]);
    for (const name of puts) expect(telling[name]!["<Bus.Arn>"]).toEqual(["events:PutEvents"]);
  });

  test("the same with every option that makes resources", () => {
    const stack = makeStack();
    const everything = synthesize(
      { accessLogs: AccessLogs.existingRole(), pointInTimeRecovery: true, sweepInterval: Duration.hours(1) },
      stack,
    );
    expect(permissions(everything)).toEqual(actual);
  });
});

describe("a customer's key", () => {
  const read = ["kms:Decrypt", "kms:DescribeKey"];
  const write = [...read, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
  const readers = ["DefaultRoute", "Handshake", "Ping"];

  const expectKey = (template: ReturnType<typeof synthesize>, key: string) => {
    const actual = permissions(template);
    for (const name of Object.keys(EXPECTED)) {
      const actions = [...(readers.includes(name) ? read : write)].sort();
      expect([name, actual[name]]).toEqual([name, { ...withLogs(name), [key]: actions }]);
    }
  };

  test("is granted to every function: readers read, writers write", () => {
    const stack = makeStack();
    const key = new kms.Key(stack, "Key");
    const template = synthesize({ encryptionKey: key }, stack);
    expectKey(template, "<Key.Arn>");
    template.hasResourceProperties("AWS::DynamoDB::Table", { SSESpecification: { SSEEnabled: true, SSEType: "KMS" } });
  });

  test("is granted to those functions, too, that only some channels need", () => {
    const stack = makeStack();
    const channels = { "all/*": { history: {}, presence: true, linger: Duration.millis(250) } };
    const actual = permissions(synthesize({ encryptionKey: new kms.Key(stack, "Key"), channels }, stack));
    const keys = Object.fromEntries(Object.entries(actual).map(([name, resources]) => [name, resources["<Key.Arn>"]]));
    // A ping renews who is there.
    const reading = ["DefaultRoute", "Handshake", "Presence"];
    expect(Object.keys(keys)).toHaveLength(FUNCTION_NAMES.length);
    for (const [name, actions] of Object.entries(keys))
      expect([name, actions]).toEqual([name, [...(reading.includes(name) ? read : write)].sort()]);
  });

  test("is made where none is given, and granted likewise", () => {
    const template = synthesize({ encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED });
    expectKey(template, "<TableKey.Arn>");
  });
});

test("names of log groups in these tests are what they seem", () => {
  expect(nameOf("PushItPublishLogs7C6350F1")).toBe("PublishLogs");
});
