import { Annotations, Duration, Names, Stack } from "aws-cdk-lib";
import * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import { WebSocketLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import type { Settings } from "../lambdas/settings.js";
import { pushItProps } from "./props/checks/shapes.js";
import { FanOutQueue, workersOf } from "./fan-out-queue.js";
import { RUNS_GUARDS } from "./functions/asked-guards.js";
import { makeFunctions } from "./functions/make-functions.js";
import type { PushItFunctions } from "./functions/push-it-functions.js";
import { type FunctionName, FUNCTIONS } from "./functions/registry.js";
import { validateGuardEnvironment } from "./guards/guard-environment.js";
import { functionsAsked } from "./guards/guard-functions.js";
import { GuardPrincipal } from "./guards/guard-principal.js";
import type { GuardsConfig } from "./guards/guards.js";
import { validationError } from "./props/validation-error.js";
import { logKeyOf } from "./log-key.js";
import { acknowledge } from "./nag.js";
import { grantConnections } from "./functions/permissions.js";
import type { PushItProps } from "./props/push-it-props.js";
import { publishTarget, type PublishTargetProps } from "./publish-target.js";
import { regionOf, requireFunctionUrls } from "./props/regions.js";
import { ROUTE_NAMES, routeOf, routeSettings } from "./functions/routes.js";
import { resolveSettings, validate } from "./props/settings.js";
import { makeTable } from "./table.js";
import { timeoutParts, timeoutSeconds } from "./functions/timeouts.js";

const NOTIFIER_SCHEDULE = "Finds members that left channels without a disconnect event";
const CHECKER_SCHEDULE = "Asks whether the connections of members of channels still exist";

/** Marks the API in the template, for `push-it-cli dev`. */
const METADATA_KEY = "push-it:construct";

/** Why the API needs its default endpoint. */
const DISABLED =
  "the API's default endpoint is disabled (disableExecuteApiEndpoint), but the functions post to clients and close " +
  "connections through it, so no client would receive a message. Leave it enabled. A custom domain works as well.";

/** Whether the template will say that an API has no default endpoint, by its property or by an override. */
const isDisabled = (api: apigatewayv2.CfnApi): boolean => {
  const { Resources = {} } = Stack.of(api).resolve(api._toCloudFormation()) as {
    Resources?: { [id: string]: { Properties?: { DisableExecuteApiEndpoint?: unknown } } };
  };
  return Object.values(Resources).some(({ Properties }) => String(Properties?.DisableExecuteApiEndpoint) === "true");
};

/**
 * Realtime publish and subscribe over WebSockets: an API Gateway WebSocket API, a function for each of its routes, and
 * one DynamoDB table. Guards decide every connection, subscription, publication and delivery.
 *
 * @example
 * const pushIt = new PushIt(this, "PushIt", { guards: Guards.fromModule("guards.ts") });
 * new CfnOutput(this, "Url", { value: pushIt.url });
 */
export class PushIt extends Construct {
  /** The WebSocket API. */
  readonly api: apigatewayv2.WebSocketApi;
  /** Its only stage. */
  readonly stage: apigatewayv2.WebSocketStage;
  /** Agents and subscriptions. Its rows are internal and may change with any version. */
  readonly table: dynamodb.Table;
  /** The functions, for alarms and metrics. */
  readonly functions: PushItFunctions;
  /** The queue that feeds workers with parts of large fan-outs, with its dead-letter queue and alarm. */
  readonly fanOutQueue: FanOutQueue;
  /**
   * The functions that run a guard module, as a grantee: `users.grantReadData(pushIt.guards)`. Guard functions have
   * roles of their own.
   */
  readonly guards: iam.IGrantable;
  private readonly functionUrl?: lambda.FunctionUrl;
  /** The guards that the publisher calls. It has to be deployed after them. */
  private readonly askedByPublisher: ReadonlySet<iam.IPrincipal>;

  constructor(scope: Construct, id: string, props: PushItProps = {}) {
    super(scope, id);
    pushItProps(this, "", props);
    validate(this, props);
    const settings = resolveSettings(this, props);
    const guards = this.bindGuards(props, settings);
    this.table = makeTable(this, props, settings);
    this.api = this.makeApi(props, guards);
    const logKey = logKeyOf(this, props.logEncryption, this.table.encryptionKey);
    this.stage = this.makeStage(props, logKey);
    this.fanOutQueue = new FanOutQueue(this, "Deliveries", {
      workerSeconds: timeoutSeconds(timeoutParts("fanOutWorker", settings)),
      ...(this.table.encryptionKey && { encryptionKey: this.table.encryptionKey }),
    });
    this.functions = makeFunctions(this, {
      props,
      settings,
      guards,
      logKey,
      callbackUrl: this.stage.callbackUrl,
      targets: {
        table: this.table,
        encryptionKey: this.table.encryptionKey,
        api: this.api,
        stageName: this.stage.stageName,
        queue: this.fanOutQueue.queue,
      },
    });
    this.fanOutQueue.addConsumer(this.functions.fanOutWorker, workersOf(this, props));
    this.addRoutes();
    this.scheduleSweep(props.sweepInterval ?? Duration.minutes(15));
    this.scheduleEveryMinute("PresenceSchedule", this.functions.presenceNotifier, NOTIFIER_SCHEDULE);
    this.scheduleEveryMinute("PresenceCheckSchedule", this.functions.presenceChecker, CHECKER_SCHEDULE);
    if (props.publishUrl) {
      requireFunctionUrls(this);
      this.functionUrl = this.functions.serverApi.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
    }
    this.guards = new GuardPrincipal(
      [...RUNS_GUARDS].flatMap((name) => (this.functionOf(name)?.role as iam.Role | undefined) ?? []),
    );
    this.askedByPublisher = new Set(
      [this.guards, ...functionsAsked(guards?.functions, FUNCTIONS.serverApi.guards)].map(
        (each) => each.grantPrincipal,
      ),
    );
  }

  /** The URL to which clients connect: `wss://…`. */
  get url(): string {
    return this.stage.url;
  }

  /** The name of the function that handles a back end's requests: `functionName` of a `Publisher`. */
  get publisherName(): string {
    return this.functions.serverApi.functionName;
  }

  /** The URL to which a back end without an AWS SDK sends its requests, with the prop `publishUrl`: `https://…`. */
  get publishUrl(): string | undefined {
    return this.functionUrl?.url;
  }

  /**
   * Lets a back end of this account publish, disconnect and unsubscribe, with `Publisher` from
   * `push-it-server/publisher`. It may invoke that one function, and has no rights on the table or the connections. No
   * publication guard checks its messages, so it may publish on every channel.
   *
   * @param grantee a function, role or user. Not `guards`, and not a function that guards deliveries or departures,
   * because the function that publishes invokes these. CloudFormation would report a circular dependency.
   */
  grantPublish(grantee: iam.IGrantable): iam.Grant {
    if (this.askedByPublisher.has(grantee.grantPrincipal)) {
      throw validationError(this, "grantPublish: the publisher invokes these guards, so they may not invoke it");
    }
    // Not `grantInvoke`, which grants the function's versions and aliases too.
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.functions.serverApi.functionArn],
    });
  }

  /**
   * Lets a back end of this account do the same through `publishUrl` only. It may call that URL, and may invoke the
   * function through that URL but not directly.
   *
   * @param grantee a function, role or user
   */
  grantPublishUrl(grantee: iam.IGrantable): iam.Grant {
    if (!this.functionUrl)
      throw validationError(this, "grantPublishUrl needs the URL: set the prop publishUrl to true");
    const grant = this.functionUrl.grantInvokeUrl(grantee);
    // IAM asks for both rights. An older CDK grants the URL alone. A newer CDK grants both, and the policy then
    // contains this statement once.
    iam.Grant.addToPrincipal({
      grantee,
      actions: ["lambda:InvokeFunction"],
      resourceArns: [this.functions.serverApi.functionArn],
      conditions: { Bool: { "lambda:InvokedViaFunctionUrl": true } },
    });
    return grant;
  }

  /**
   * A target for EventBridge rules. It publishes each event as one message. The message's `uuid` is the event's id and
   * a suffix for this target.
   *
   * @param props the message, and the handling of events that EventBridge cannot deliver
   *
   * @example
   * rule.addTarget(pushIt.publishTarget({
   *   channel: "orders",
   *   data: { order: events.EventField.fromPath("$.detail.orderId") },
   * }));
   */
  publishTarget(props: PublishTargetProps): events.IRuleTarget {
    return publishTarget(this, this.functions.serverApi, props);
  }

  /**
   * Lets a back end close connections of this stage, and nothing else. Guards see a connection's id as
   * `agent.connection.id`.
   *
   * @param grantee a function, role or user
   */
  grantDisconnect(grantee: iam.IGrantable): iam.Grant {
    return grantConnections(grantee, ["DELETE"], { api: this.api, stageName: this.stage.stageName });
  }

  /**
   * Lets a back end read the state of connections of this stage: when they were opened and when they were last active.
   *
   * @param grantee a function, role or user
   */
  grantConnectionInfo(grantee: iam.IGrantable): iam.Grant {
    return grantConnections(grantee, ["GET"], { api: this.api, stageName: this.stage.stageName });
  }

  /**
   * Lets the functions that run guards do more.
   *
   * @param statement what they may do
   */
  addToGuardPolicy(statement: iam.PolicyStatement): void {
    this.guards.grantPrincipal.addToPrincipalPolicy(statement);
  }

  private bindGuards(props: PushItProps, { timeouts }: Settings): GuardsConfig | undefined {
    const guards = props.guards?._bind(this, timeouts);
    if (guards?.module) validateGuardEnvironment(this, guards.module);
    if (!guards) {
      Annotations.of(this).addWarningV2(
        "push-it-aws:openToEveryone",
        "No guard is configured: everyone who knows the URL can connect, subscribe and publish. " +
          'Set the prop `guards`, such as Guards.fromModule("guards.ts").',
      );
    }
    return guards;
  }

  private makeApi(props: PushItProps, guards?: GuardsConfig): apigatewayv2.WebSocketApi {
    const api = new apigatewayv2.WebSocketApi(this, "Api", {
      apiName: props.apiName ?? Names.uniqueResourceName(this, { maxLength: 128, separator: "-" }),
      routeSelectionExpression: "$request.body.action",
    });
    const resource = api.node.defaultChild as apigatewayv2.CfnApi;
    this.node.addValidation({ validate: () => (isDisabled(resource) ? [DISABLED] : []) });
    resource.addMetadata(METADATA_KEY, {
      version: 1,
      path: this.node.path,
      ...(guards?.module && { guards: guards.module.entry }),
    });
    return api;
  }

  private makeStage(props: PushItProps, logKey?: kms.IKey): apigatewayv2.WebSocketStage {
    const logs = props.accessLogs?._bind(this, logKey);
    const stage = new apigatewayv2.WebSocketStage(this, "Stage", {
      webSocketApi: this.api,
      stageName: props.stageName ?? "live",
      autoDeploy: true,
    });
    if (logs?.dependency) stage.node.addDependency(logs.dependency);
    if (!logs) {
      acknowledge(
        stage,
        "AwsSolutions-APIG1",
        "Access logs need a role that is set for the whole account and Region, which is not a construct's to decide; " +
          "the prop accessLogs turns them on. The functions' own logs are always there",
      );
    }
    const resource = stage.node.defaultChild as apigatewayv2.CfnStage;
    // Not by the stage's own prop: an older CDK ignores that.
    if (logs) resource.accessLogSettings = logs.settings;
    resource.routeSettings = routeSettings(regionOf(this), props.throttling);
    return stage;
  }

  /** A function by the registry's name; `undefined` if this deployment does not need it. */
  private functionOf(name: FunctionName): lambda.Function | undefined {
    const functions: { readonly [name: string]: lambda.Function | undefined } = { ...this.functions };
    return functions[name];
  }

  private addRoutes(): void {
    for (const name of ROUTE_NAMES) {
      const { key, returnsResponse } = routeOf(name);
      const integration = new WebSocketLambdaIntegration(
        "Integration",
        this.functionOf(name) ?? this.functions.default,
      );
      const route = this.api.addRoute(key, { integration, returnResponse: returnsResponse });
      acknowledge(
        route,
        "AwsSolutions-APIG4",
        "The connection guard decides in $connect, and every other route looks the agent up by its connection; " +
          "WebSocket APIs take an authorizer on $connect only",
      );
      // A stage that has settings for a missing route fails to deploy.
      this.stage.node.addDependency(route);
    }
  }

  private scheduleSweep(interval: Duration): void {
    const rule = new events.Rule(this, "SweepSchedule", {
      description: "Finds agents that left without a disconnect event",
      schedule: events.Schedule.rate(interval),
    });
    rule.addTarget(
      new targets.LambdaFunction(this.functions.sweep, { retryAttempts: 1, maxEventAge: Duration.minutes(5) }),
    );
  }

  private scheduleEveryMinute(id: string, handler: lambda.Function | undefined, description: string): void {
    if (!handler) return;
    const rule = new events.Rule(this, id, { description, schedule: events.Schedule.rate(Duration.minutes(1)) });
    // These limits are for the delivery of the event to Lambda. The function has its own limits for a run.
    rule.addTarget(new targets.LambdaFunction(handler, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }));
  }
}
