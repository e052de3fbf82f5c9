import { Duration } from "aws-cdk-lib";
import { EventBus } from "aws-cdk-lib/aws-events";
import { FUNCTION_NAMES } from "../../../infra/functions/registry.js";
import { isNeeded } from "../../../infra/functions/timeouts.js";
import { AccessLogs, Guards, type PushItProps } from "../../../infra/index.js";
import { DEFAULT_SETTINGS } from "../../../lambdas/settings.js";
import { makeStack, nameOf, readable, resourcesOf, synthesize } from "../synth.js";
import { enqueue, EXPECTED, notifyAndClose, permissions, post, statements, withLogs } from "./expected-permissions.js";

describe("the permissions of the functions", () => {
  const template = synthesize();
  const actual = permissions(template);

  test.each(Object.keys(EXPECTED))("are exactly as expected: %s", (name) => {
    expect(actual[name]).toEqual(withLogs(name));
  });

  test("belong to one role per function, and to no others", () => {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(EXPECTED).sort());
    // All functions except those for some channels' options only.
    const needed = FUNCTION_NAMES.filter((name) => isNeeded(name, DEFAULT_SETTINGS));
    expect(Object.keys(EXPECTED)).toHaveLength(needed.length);
    const roles = Object.values(resourcesOf(template, "AWS::Lambda::Function")).map(({ Properties }) =>
      readable(Properties.Role),
    );
    expect(new Set(roles).size).toBe(needed.length);
  });

  test("have no managed policies, no inline ones, and only Allow", () => {
    for (const { Properties } of Object.values(resourcesOf(template, "AWS::IAM::Role"))) {
      expect(Object.keys(Properties)).toEqual(["AssumeRolePolicyDocument"]);
    }
    expect(new Set(statements(template).map(([, { Effect }]) => Effect))).toEqual(new Set(["Allow"]));
  });

  test("have no Scan and no wildcards but the stage's connections", () => {
    for (const [, { Action, Resource }] of statements(template)) {
      for (const action of [Action].flat()) expect(action).not.toMatch(/\*|Scan/);
      for (const resource of [Resource].flat())
        expect(resource.replace(/\/live\/(POST|DELETE)\/@connections\/\*$/, "")).not.toContain("*");
    }
  });

  // Publications update it, and subscribe reads it.
  test("include the latest message if a channel keeps it", () => {
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

  // Publishing functions and the sweep invoke the flusher, which delivers.
  test("include invoking the flusher if a channel lingers", () => {
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
      ...notifyAndClose,
      ...enqueue,
    });
  });

  // Publishing and subscribing functions, and the history function, use it. Ping reads heads.
  test("include the history if a channel has one", () => {
    const keeping = permissions(synthesize({ channels: { "kept/*": { history: {} } } }));
    const more: Record<string, string[]> = {
      Publish: ["PutItem", "UpdateItem"],
      Send: ["PutItem", "UpdateItem"],
      Publisher: ["GetItem", "PutItem", "Scan", "UpdateItem"],
      Subscribe: ["BatchGetItem", "PutItem", "UpdateItem"],
      Ping: ["BatchGetItem"],
      Heartbeat: ["BatchGetItem"],
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
      ...notifyAndClose,
    });
    const both = permissions(
      synthesize({ channels: { "kept/*": { history: {}, latest: true, linger: Duration.millis(250) } } }),
    );
    expect(both.Flush!["<Table.Arn>"]).not.toContain("dynamodb:UpdateItem");
  });

  // If a channel lingers, this is the flusher.
  test("include writing the latest message for its deliverer only", () => {
    const both = permissions(synthesize({ channels: { "ticker/*": { linger: Duration.millis(250), latest: true } } }));
    // A worker counts attempts.
    expect(Object.keys(both).filter((name) => both[name]!["<Table.Arn>"]!.includes("dynamodb:UpdateItem"))).toEqual([
      "Flush",
      "Deliver",
    ]);
  });

  // They are for functions that begin or end subscriptions.
  test("include presence records and invoking the notifier if presence is on", () => {
    const withPresence = permissions(synthesize({ channels: { "rooms/*": { presence: true } } }));
    const idle = ["Handshake", "DefaultRoute", "Ping", "Heartbeat"];
    for (const name of Object.keys(EXPECTED)) {
      const more = idle.includes(name) ? [] : ["GetItem", "UpdateItem"];
      const invoke = idle.includes(name) ? {} : { "<AnnounceFunction.Arn>": ["lambda:InvokeFunction"] };
      const actions = [...more, ...(["Ping", "Heartbeat"].includes(name) ? ["BatchGetItem", "UpdateItem"] : [])].map(
        (action) => `dynamodb:${action}`,
      );
      const table = [...new Set([...EXPECTED[name]!["<Table.Arn>"]!, ...actions])].sort();
      expect([name, withPresence[name]]).toEqual([name, { ...withLogs(name), "<Table.Arn>": table, ...invoke }]);
    }
    expect(withPresence.Presence).toEqual({
      "<Table.Arn>": ["dynamodb:GetItem", "dynamodb:Query"],
      "<PresenceLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...notifyAndClose,
    });
    const check = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<Api>/live/GET/@connections/*";
    const { [post]: _post, ...close } = notifyAndClose;
    expect(withPresence.CheckPresence).toEqual({
      "<Table.Arn>": ["BatchWriteItem", "DeleteItem", "GetItem", "Query", "UpdateItem"].map(
        (action) => `dynamodb:${action}`,
      ),
      "<CheckPresenceLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      "<AnnounceFunction.Arn>": ["lambda:InvokeFunction"],
      [check]: ["execute-api:ManageConnections"],
      ...close,
    });
    // No other function asks about connections.
    expect(Object.keys(withPresence).filter((name) => withPresence[name]![check])).toEqual(["CheckPresence"]);
    expect(withPresence.Announce).toEqual({
      "<Table.Arn>": ["BatchWriteItem", "DeleteItem", "GetItem", "Query", "UpdateItem"].map(
        (action) => `dynamodb:${action}`,
      ),
      "<AnnounceLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      ...notifyAndClose,
      ...enqueue,
    });
  });

  test("are few for states of members, and let the notifier read agents", () => {
    const withState = permissions(synthesize({ channels: { "rooms/*": { presence: { state: true } } } }));
    expect(withState.State).toEqual({
      "<Table.Arn>": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
      "<StateLogs.Arn>": ["logs:CreateLogStream", "logs:PutLogEvents"],
      "<AnnounceFunction.Arn>": ["lambda:InvokeFunction"],
      ...notifyAndClose,
    });
    expect(withState.Announce!["<Table.Arn>"]).toContain("dynamodb:BatchGetItem");
    expect(withState.Presence!["<Table.Arn>"]).toEqual(["dynamodb:GetItem", "dynamodb:Query"]);
  });

  test("add dynamodb:Query if a presence guard may read history", () => {
    const channels = { "rooms/*": { presence: true }, "kept/*": { history: {} } };
    const tables = (props: PushItProps): string[] =>
      permissions(synthesize(props)).Presence!["<Table.Arn>"]!.map((action) => action.replace("dynamodb:", ""));
    const guards = Guards.fromModule("test/infra/fixtures/guards.ts");
    expect(tables({ channels, guards })).toEqual(["BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"]);
    expect(tables({ channels })).toEqual(["GetItem", "Query"]);
    expect(tables({ channels: { "rooms/*": { presence: true } }, guards })).toEqual(["GetItem", "Query"]);
  });

  // They are for functions that accept or remove agents.
  test("include events:PutEvents on the bus if server events are on", () => {
    const stack = makeStack();
    const eventBus = new EventBus(stack, "Bus");
    const notifying = permissions(synthesize({ eventBus, channels: { "rooms/*": { presence: true } } }, stack));
    const puts = Object.keys(notifying).filter((name) => notifying[name]!["<Bus.Arn>"]);
    expect(puts.sort()).toEqual([
      "Announce",
      "CheckPresence",
      "Connect",
      "Deliver",
      "Disconnect",
      "Publish",
      "Publisher",
      "Refresh",
      "Send",
      "Sweep",
    ]);
    for (const name of puts) expect(notifying[name]!["<Bus.Arn>"]).toEqual(["events:PutEvents"]);
  });

  test("are the same with every option that makes resources", () => {
    const stack = makeStack();
    const everything = synthesize(
      { accessLogs: AccessLogs.existingRole(), pointInTimeRecovery: true, sweepInterval: Duration.hours(1) },
      stack,
    );
    expect(permissions(everything)).toEqual(actual);
  });
});

test("names of log groups in these tests are correct", () => {
  expect(nameOf("PushItPublishLogs7C6350F1")).toBe("PublishLogs");
});
