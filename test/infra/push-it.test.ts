import { Annotations as Warnings, App, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Denials, PushIt } from "../../infra/index.js";
import { FUNCTION_NAMES } from "../../infra/functions/registry.js";
import { isNeeded } from "../../infra/functions/timeouts.js";
import { DEFAULT_SETTINGS } from "../../lambdas/settings.js";
import { makePushIt, makeStack, only, readable, resourcesOf, synthesize } from "./synth.js";

const template = synthesize();
const functions = Object.values(resourcesOf(template, "AWS::Lambda::Function"));
const readOnly = (type: string, from = template) => readable(only(from, type).Properties) as Record<string, unknown>;

describe("the API", () => {
  test("chooses routes by the frame's action", () => {
    expect(readOnly("AWS::ApiGatewayV2::Api")).toMatchObject({
      ProtocolType: "WEBSOCKET",
      RouteSelectionExpression: "$request.body.action",
    });
  });

  test("has two scheduled runs each minute if a channel has presence", () => {
    const withPresence = synthesize({ channels: { "rooms/*": { presence: true } } });
    const rates = Object.values(resourcesOf(withPresence, "AWS::Events::Rule")).map(
      ({ Properties }) => Properties.ScheduleExpression,
    );
    expect(rates.sort()).toEqual(["rate(1 minute)", "rate(1 minute)", "rate(15 minutes)"]);
  });

  test("marks the construct for `push-it-cli dev`", () => {
    expect(only(template, "AWS::ApiGatewayV2::Api").Metadata).toMatchObject({
      "push-it:construct": { version: 1, path: "Test/PushIt" },
    });
  });
});

describe("the stage", () => {
  const stage = only(template, "AWS::ApiGatewayV2::Stage");
  const settings = stage.Properties.RouteSettings as Record<string, Record<string, number>>;

  test("is made after every route, whose settings it names", () => {
    for (const id of Object.keys(resourcesOf(template, "AWS::ApiGatewayV2::Route")))
      expect(stage.DependsOn).toContain(id);
    for (const id of Object.keys(resourcesOf(template, "AWS::ApiGatewayV2::RouteResponse")))
      expect(stage.DependsOn).toContain(id);
  });

  test("accepts other rates for single routes and keeps defaults", () => {
    const changed = synthesize({
      throttling: { connect: { rateLimit: 5 }, publish: { rateLimit: 50, burstLimit: 60 } },
    });
    expect(only(changed, "AWS::ApiGatewayV2::Stage").Properties.RouteSettings).toEqual({
      ...settings,
      $connect: { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 800 },
      publish: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 60 },
    });
  });

  test("is called live by default, wherever its name is used", () => {
    expect(stage.Properties).toMatchObject({ StageName: "live", AutoDeploy: true });
    const renamed = JSON.stringify(synthesize({ stageName: "beta" }).toJSON());
    expect(renamed).toContain("/beta/POST/@connections/*");
    expect(renamed).not.toContain("/live");
  });

  test("never logs the data of requests, which contains credentials", () => {
    expect(JSON.stringify(template.toJSON())).not.toMatch(/DataTrace|LoggingLevel/);
  });
});

describe("the table", () => {
  test("is on demand, expires rows, and has no index or extras", () => {
    expect(readOnly("AWS::DynamoDB::Table")).toEqual({
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      BillingMode: "PAY_PER_REQUEST",
      TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      DeletionProtectionEnabled: false,
    });
    expect(only(template, "AWS::DynamoDB::Table").DeletionPolicy).toBe("Delete");
  });

  test("can be restorable, retained, and encrypted with another key", () => {
    const table = only(
      synthesize({
        pointInTimeRecovery: true,
        removalPolicy: RemovalPolicy.RETAIN,
        encryption: dynamodb.TableEncryption.AWS_MANAGED,
      }),
      "AWS::DynamoDB::Table",
    );
    expect(table.DeletionPolicy).toBe("Retain");
    expect(table.Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });
});

describe("the functions", () => {
  test("run on the newest LTS version of Node that CDK knows", () => {
    const newest = lambda.Runtime.ALL.filter(({ name, family, isVariable }) => {
      const major = Number(/^nodejs(\d+)\.x$/.exec(name)?.[1]);
      return family === lambda.RuntimeFamily.NODEJS && !isVariable && major % 2 === 0;
    }).sort((a, b) => parseInt(b.name.slice(6)) - parseInt(a.name.slice(6)))[0]!;
    expect(new Set(functions.map(({ Properties }) => Properties.Runtime))).toEqual(new Set([newest.name]));
  });

  test("are arm64 with 512 MB, JSON logs and expiring log groups", () => {
    // All functions except those for some channels' options only.
    expect(functions).toHaveLength(FUNCTION_NAMES.filter((name) => isNeeded(name, DEFAULT_SETTINGS)).length);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({
        Architectures: ["arm64"],
        MemorySize: 512,
        Handler: "index.handler",
        LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "INFO", SystemLogLevel: "WARN" },
      });
      expect(Properties.TracingConfig).toBeUndefined();
    }
    const groups = functions.map(
      ({ Properties }) => (Properties.LoggingConfig as { LogGroup: { Ref: string } }).LogGroup.Ref,
    );
    const logGroups = resourcesOf(template, "AWS::Logs::LogGroup");
    expect(groups.sort()).toEqual(Object.keys(logGroups).sort());
    for (const { Properties, DeletionPolicy } of Object.values(logGroups)) {
      expect([Properties, DeletionPolicy]).toEqual([{ RetentionInDays: 30 }, "Delete"]);
    }
  });

  test("have the table, the settings and endpoints in their environment only", () => {
    for (const { Properties } of functions) {
      const publishes = /publish|send|serverApi|fanOutWorker/.test(String(Properties.Description));
      const { Variables } = readable(Properties.Environment) as { Variables: Record<string, string> };
      const { PUSH_IT_SETTINGS, ...others } = Variables;
      expect(JSON.parse(PUSH_IT_SETTINGS!)).toEqual(DEFAULT_SETTINGS);
      expect(others).toEqual({
        TABLE_NAME: "<Table>",
        PUSH_IT_URL_SUFFIX: "<AWS::URLSuffix>",
        AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: "https://<Api>.execute-api.<AWS::Region>.<AWS::URLSuffix>/live",
        ...(publishes && { PUSH_IT_SEGMENTS: "<DeliveriesQueue>" }),
      });
    }
  });

  test("follow the props", () => {
    const changed = synthesize({
      memorySize: 1_024,
      logRetention: logs.RetentionDays.ONE_WEEK,
      logRemovalPolicy: RemovalPolicy.RETAIN,
      applicationLogLevel: lambda.ApplicationLogLevel.DEBUG,
      systemLogLevel: lambda.SystemLogLevel.INFO,
      reservedConcurrency: { publish: 50, sweep: 1 },
    });
    for (const [id, { Properties }] of Object.entries(resourcesOf(changed, "AWS::Lambda::Function"))) {
      expect(Properties.MemorySize).toBe(1_024);
      expect(Properties.LoggingConfig).toMatchObject({ ApplicationLogLevel: "DEBUG", SystemLogLevel: "INFO" });
      const reserved = /PublishFunction/.test(id) ? 50 : /Sweep/.test(id) ? 1 : undefined;
      expect([id, Properties.ReservedConcurrentExecutions]).toEqual([id, reserved]);
    }
    for (const { Properties, DeletionPolicy } of Object.values(resourcesOf(changed, "AWS::Logs::LogGroup"))) {
      expect([Properties, DeletionPolicy]).toEqual([{ RetentionInDays: 7 }, "Retain"]);
    }
  });

  test("have the settings in milliseconds", () => {
    const changed = synthesize({
      timeouts: { onConnectionRequest: Duration.seconds(2), onDisconnect: Duration.millis(500) },
      fanOutBudget: Duration.seconds(5),
      fanOutThreshold: 500,
      wildcards: ["stories/*", "stories/*", "a/b/*"],
      denials: Denials.REFUSE,
      keepCredentials: false,
    });
    const [first] = Object.values(resourcesOf(changed, "AWS::Lambda::Function"));
    const { Variables } = first!.Properties.Environment as { Variables: Record<string, string> };
    expect(JSON.parse(Variables.PUSH_IT_SETTINGS!)).toEqual({
      ...DEFAULT_SETTINGS,
      timeouts: { ...DEFAULT_SETTINGS.timeouts, onConnectionRequest: 2_000, onDisconnect: 500 },
      wildcards: ["stories/*", "a/b/*"],
      denials: "refuse",
      keepCredentials: false,
      fanOutMs: 5_000,
      fanOutThreshold: 500,
    });
  });
});

describe("the sweep", () => {
  test("runs every 15 minutes and is not retried for long", () => {
    expect(readOnly("AWS::Events::Rule")).toMatchObject({
      ScheduleExpression: "rate(15 minutes)",
      Targets: [
        { Arn: "<SweepFunction.Arn>", RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 300 } },
      ],
    });
    expect(readOnly("AWS::Lambda::EventInvokeConfig")).toMatchObject({
      FunctionName: "<SweepFunction>",
      MaximumRetryAttempts: 0,
    });
  });

  test("runs at the interval of the prop", () => {
    const changed = synthesize({ sweepInterval: Duration.hours(1) });
    expect(only(changed, "AWS::Events::Rule").Properties.ScheduleExpression).toBe("rate(1 hour)");
  });
});

describe("the construct", () => {
  test("warns that it is open to everyone, until acknowledged", () => {
    const stack = makeStack();
    makePushIt({}, stack);
    const everyone = Match.stringLikeRegexp("No guard is configured: everyone");
    Annotations.fromStack(stack).hasWarning("/Test/PushIt", everyone);
    const silent = makeStack();
    const demo = makePushIt({}, silent);
    Warnings.of(demo).acknowledgeWarning("push-it-aws:openToEveryone", "It is a public demo");
    Annotations.fromStack(silent).hasNoWarning("*", Match.anyValue());
  });

  test("exposes its URL and parts", () => {
    const pushIt = makePushIt();
    const resolve = (value: unknown) => readable(Stack.of(pushIt).resolve(value));
    expect(resolve(pushIt.url)).toBe("wss://<Api>.execute-api.<AWS::Region>.<AWS::URLSuffix>/live");
    expect(resolve(pushIt.table.tableName)).toBe("<Table>");
    expect(resolve(pushIt.functions.publish.functionName)).toBe("<PublishFunction>");
  });

  test("can be used twice in one stack", () => {
    const stack = makeStack();
    new PushIt(stack, "One");
    new PushIt(stack, "Two", { accessLogs: undefined });
    expect(() => synthesize({}, stack)).not.toThrow();
  });

  test("does not depend on the app's feature flags", () => {
    const bare = new Stack(new App({ context: { "aws:cdk:bundling-stacks": [] } }), "Test");
    const types = (from: typeof template) =>
      Object.values((from.toJSON() as { Resources: Record<string, { Type: string }> }).Resources)
        .map(({ Type }) => Type)
        .sort();
    expect(types(synthesize({}, bare))).toEqual(types(template));
  });
});
