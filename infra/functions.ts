import { Aws, Duration, RemovalPolicy } from "aws-cdk-lib";
import type * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { someChannel } from "../protocol/channel-settings.js";
import type { HandlerName } from "../protocol/guard-manifest.js";
import type { Settings } from "../lambdas/settings.js";
import { guardedCode, plainCode } from "./code.js";
import { assertEnvironmentFits } from "./environment.js";
import type { GuardsConfig } from "./guards.js";
import { grantGuardPermissions, guardEnvironment } from "./guard-environment.js";
import {
  grantFunctionPermissions,
  INVOKES_ANNOUNCE,
  INVOKES_FLUSH,
  permissionsOf,
  PUTS_EVENTS,
  type GrantTargets,
} from "./permissions.js";
import type { PushItProps } from "./props.js";
import { FUNCTION_NAMES, type FunctionName, isNeeded, timeoutParts, timeoutSeconds } from "./timeouts.js";

/** The CDK's own constant, which an older CDK does not have. */
const { NODEJS_24_X } = lambda.Runtime as Partial<Pick<typeof lambda.Runtime, "NODEJS_24_X">>;

/** What the functions run on: the newest Node with long-term support. */
export const RUNTIME =
  NODEJS_24_X ?? new lambda.Runtime("nodejs24.x", lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** Memory of a function where nothing else is said, in MB. */
const MEMORY = 512;

/** The functions of one Push-It. */
export interface PushItFunctions {
  /** Behind `$connect`: runs the connection guard and stores the agent. */
  readonly connect: lambda.Function;
  /** Behind `$disconnect`: removes what the agent left. */
  readonly disconnect: lambda.Function;
  /** Behind `connect`: tells a denied client the reason. */
  readonly handshake: lambda.Function;
  /** Behind `subscribe`. */
  readonly subscribe: lambda.Function;
  /** Behind `unsubscribe`. */
  readonly unsubscribe: lambda.Function;
  /** Behind `publish`: runs the publication guard and reaches the subscribers. */
  readonly publish: lambda.Function;
  /** Behind `send`: `publish` without an answer. */
  readonly send: lambda.Function;
  /** Behind `refresh`: runs the connection guard for an agent on its open connection. */
  readonly refresh: lambda.Function;
  /** Behind `ping`: tells a client whether its agent still exists. */
  readonly ping: lambda.Function;
  /**
   * Behind `presence`: tells who is on a channel.
   *
   * @default - none: no channel has presence
   */
  readonly presence?: lambda.Function;
  /**
   * Behind `history`: reads channels' histories.
   *
   * @default - none: no channel has history
   */
  readonly history?: lambda.Function;
  /** Behind `$default`: answers frames without a known action. */
  readonly default: lambda.Function;
  /** On a schedule: finds agents whose leaving nobody noticed. */
  readonly sweep: lambda.Function;
  /** Behind no route: does what the back end asks for. Whoever may invoke it may publish on every channel. */
  readonly publisher: lambda.Function;
  /** Behind a queue: reaches the subscribers that a publication has handed on. */
  readonly deliver: lambda.Function;
  /**
   * Behind no route: delivers on channels that linger.
   *
   * @default - none: no channel lingers
   */
  readonly flush?: lambda.Function;
  /**
   * Behind no route, and on a schedule: tells subscribers who comes to a channel with presence and who goes.
   *
   * @default - none: no channel has presence
   */
  readonly announce?: lambda.Function;
}

/** The guards of who publishes: its own, its recipients', and those of agents that it finds gone. */
const PUBLISHING: readonly HandlerName[] = ["onPublicationRequest", "onMessageReceived", "onDisconnect"];

/** Which guards each function asks, whatever its channels' options. */
export const GUARDS_OF: { readonly [name in FunctionName]: readonly HandlerName[] } = {
  connect: ["onConnectionRequest"],
  disconnect: ["onDisconnect"],
  handshake: [],
  subscribe: ["onSubscriptionRequest"],
  unsubscribe: ["onUnsubscriptionRequest"],
  publish: PUBLISHING,
  send: PUBLISHING,
  refresh: ["onConnectionRequest", "onDisconnect"],
  ping: [],
  presence: ["onSubscriptionRequest"],
  history: ["onSubscriptionRequest", "onMessageReceived"],
  default: [],
  sweep: ["onDisconnect"],
  publisher: ["onMessageReceived", "onDisconnect"],
  deliver: ["onMessageReceived", "onDisconnect"],
  flush: ["onMessageReceived", "onDisconnect"],
  // Who may know who is there has been decided: no guard of deliveries is asked.
  announce: ["onDisconnect"],
};

/** Which guards a function asks: where messages are kept, `subscribe` asks about their delivery too. */
export const guardsOf = (name: FunctionName, { channels }: Pick<Settings, "channels">): readonly HandlerName[] =>
  name === "subscribe" && someChannel(channels, ({ latest, history }) => latest ?? history)
    ? [...GUARDS_OF[name], "onMessageReceived"]
    : GUARDS_OF[name];

/** What runs guards, when there are any. */
export const RUNS_GUARDS: ReadonlySet<FunctionName> = new Set(
  FUNCTION_NAMES.filter((name) => GUARDS_OF[name].length > 0),
);

/** What all functions have in common. */
export interface FunctionContext {
  readonly props: PushItProps;
  readonly settings: Settings;
  readonly subjects: GrantTargets;
  /** Where `@connections` of the stage is. */
  readonly callbackUrl: string;
  readonly guards?: GuardsConfig;
  /** What log groups are encrypted with, if it is not CloudWatch's own key. */
  readonly logKey?: kms.IKey | undefined;
  /** What delivers on channels that linger, once it is made. */
  readonly flush?: lambda.Function | undefined;
  /** What tells who comes and goes, once it is made. */
  readonly announce?: lambda.Function | undefined;
}

/** Makes all functions, each with a role and a log group of its own. Those come first that others invoke. */
export const makeFunctions = (scope: Construct, context: FunctionContext): PushItFunctions => {
  const make = (name: FunctionName, invoked: Pick<FunctionContext, "announce" | "flush"> = {}) =>
    makeFunction(new Construct(scope, ID[name]), name, { ...context, ...invoked });
  const needed = FUNCTION_NAMES.filter((name) => isNeeded(name, context.settings));
  const announce = needed.includes("announce") ? make("announce") : undefined;
  const flush = needed.includes("flush") ? make("flush", { announce }) : undefined;
  const others = needed.filter((name) => name !== "announce" && name !== "flush");
  const functions = Object.fromEntries(others.map((name) => [name, make(name, { announce, flush })]));
  return { ...functions, ...(flush && { flush }), ...(announce && { announce }) } as unknown as PushItFunctions;
};

/** What the functions are called in the construct tree. The CDK leaves an id of "Default" out of logical ids. */
const ID: { readonly [name in FunctionName]: string } = {
  connect: "Connect",
  disconnect: "Disconnect",
  handshake: "Handshake",
  subscribe: "Subscribe",
  unsubscribe: "Unsubscribe",
  publish: "Publish",
  send: "Send",
  refresh: "Refresh",
  ping: "Ping",
  presence: "Presence",
  history: "History",
  default: "DefaultRoute",
  sweep: "Sweep",
  publisher: "Publisher",
  deliver: "Deliver",
  flush: "Flush",
  announce: "Announce",
};

/**
 * What Lambda does with asynchronous events that it could not hand over, or that failed. Otherwise it would repeat each
 * twice, for up to six hours.
 */
const ASYNCHRONOUS: { readonly [name in FunctionName]?: lambda.EventInvokeConfigOptions } = {
  // A missed sweep or a failed one is made up for by the next.
  sweep: { retryAttempts: 0, maxEventAge: Duration.minutes(5) },
  // It runs each minute, for all channels: what a run has missed is the next one's, before Lambda would repeat it.
  announce: { retryAttempts: 0, maxEventAge: Duration.minutes(1) },
};

const makeFunction = (scope: Construct, name: FunctionName, context: FunctionContext): lambda.Function => {
  const { props, settings, subjects, guards } = context;
  const runsGuards = RUNS_GUARDS.has(name);
  const logGroup = new logs.LogGroup(scope, "Logs", {
    encryptionKey: context.logKey,
    retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: props.logRemovalPolicy ?? RemovalPolicy.DESTROY,
  });
  const environment = environmentOf(name, context, runsGuards);
  assertEnvironmentFits(scope, environment);
  const role = new iam.Role(scope, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
  grantFunctionPermissions(role, permissionsOf(name, settings, guards), logGroup, subjects);
  const invoked = invokedBy(name, context);
  if (invoked.length > 0) {
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ["lambda:InvokeFunction"],
        resources: invoked.map(({ functionArn }) => functionArn),
      }),
    );
  }
  const bus = busOf(name, props);
  if (bus) role.addToPolicy(new iam.PolicyStatement({ actions: ["events:PutEvents"], resources: [bus.eventBusArn] }));
  if (runsGuards && guards) grantGuardPermissions(role, guards, guardsOf(name, settings));
  return new lambda.Function(scope, "Function", {
    description: `Push-It ${name}`,
    runtime: RUNTIME,
    architecture: props.architecture ?? lambda.Architecture.ARM_64,
    handler: "index.handler",
    code: runsGuards ? guardedCode(scope, name, guards?.module?.bundle) : plainCode(scope, name),
    memorySize: props.memorySize ?? MEMORY,
    timeout: Duration.seconds(timeoutSeconds(timeoutParts(name, settings))),
    reservedConcurrentExecutions: props.reservedConcurrency?.[name],
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    applicationLogLevelV2: props.applicationLogLevel ?? lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: props.systemLogLevel ?? lambda.SystemLogLevel.WARN,
    environment,
    ...ASYNCHRONOUS[name],
  });
};

/** Which functions of the construct a function invokes. */
const invokedBy = (name: FunctionName, { flush, announce }: FunctionContext): lambda.Function[] => [
  ...(flush && INVOKES_FLUSH.includes(name) ? [flush] : []),
  ...(announce && INVOKES_ANNOUNCE.includes(name) ? [announce] : []),
];

/** Where a function tells the back end what happens. */
const busOf = (name: FunctionName, { eventBus }: PushItProps): events.IEventBus | undefined =>
  PUTS_EVENTS.includes(name) ? eventBus : undefined;

const environmentOf = (name: FunctionName, context: FunctionContext, runsGuards: boolean): Record<string, string> => ({
  ...(runsGuards && context.guards && guardEnvironment(context.guards, guardsOf(name, context.settings))),
  TABLE_NAME: context.subjects.table.tableName,
  ...(permissionsOf(name, context.settings, context.guards).queue.length > 0 && {
    PUSH_IT_SEGMENTS: context.subjects.queue.queueUrl,
  }),
  PUSH_IT_SETTINGS: JSON.stringify(context.settings),
  // Each partition has a domain of its own, such as amazonaws.eu: no code knows them.
  PUSH_IT_URL_SUFFIX: Aws.URL_SUFFIX,
  // The SDK and our own client take it from here; no code names an endpoint.
  AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: context.callbackUrl,
  ...(context.flush && INVOKES_FLUSH.includes(name) && { PUSH_IT_FLUSH: context.flush.functionArn }),
  ...(context.announce && INVOKES_ANNOUNCE.includes(name) && { PUSH_IT_ANNOUNCE: context.announce.functionArn }),
  ...(busOf(name, context.props) && { PUSH_IT_EVENT_BUS: busOf(name, context.props)?.eventBusArn ?? "" }),
});
