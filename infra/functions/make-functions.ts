import { Aws, Duration, RemovalPolicy } from "aws-cdk-lib";
import type * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Settings } from "../../lambdas/settings.js";
import { guardedCode, plainCode } from "./code.js";
import { assertEnvironmentFits } from "./environment.js";
import type { GuardsConfig } from "../guards/guards.js";
import { grantGuardPermissions, guardEnvironment } from "../guards/guard-environment.js";
import { grantFunctionPermissions, type GrantTargets, permissionsOf } from "./permissions.js";
import type { PushItProps } from "../props/push-it-props.js";
import { guardsOf, RUNS_GUARDS } from "./asked-guards.js";
import type { InvokedFunction } from "./function-spec.js";
import type { PushItFunctions } from "./push-it-functions.js";
import { FUNCTION_NAMES, type FunctionName, FUNCTIONS } from "./registry.js";
import { isNeeded, timeoutParts, timeoutSeconds } from "./timeouts.js";

/** The CDK's own constant, which an older CDK does not have. */
const { NODEJS_24_X } = lambda.Runtime as Partial<Pick<typeof lambda.Runtime, "NODEJS_24_X">>;

/** The runtime of the functions: the newest Node with long-term support. */
export const RUNTIME =
  NODEJS_24_X ?? new lambda.Runtime("nodejs24.x", lambda.RuntimeFamily.NODEJS, { supportsInlineCode: true });

/** Default memory of a function, in MB. */
const MEMORY = 512;

/** The context that all functions share. */
export interface FunctionContext {
  readonly props: PushItProps;
  readonly settings: Settings;
  readonly targets: GrantTargets;
  /** The endpoint of the stage's `@connections`. */
  readonly callbackUrl: string;
  readonly guards?: GuardsConfig;
  /** The key of the log groups, unless it is CloudWatch's own. */
  readonly logKey?: kms.IKey | undefined;
}

/** Functions that exist already, so that others can invoke them. */
type Invocable = { readonly [name in InvokedFunction]?: lambda.Function | undefined };

/** The environment variable that has the ARN of an invoked function. */
const ARN_VARIABLES: { readonly [name in InvokedFunction]: string } = {
  lingerFlusher: "PUSH_IT_FLUSH",
  presenceNotifier: "PUSH_IT_ANNOUNCE",
};

/** Makes all functions, each with a role and a log group of its own. Functions that others invoke come first. */
export const makeFunctions = (scope: Construct, context: FunctionContext): PushItFunctions => {
  const make = (name: FunctionName, invocable: Invocable) =>
    makeFunction(new Construct(scope, FUNCTIONS[name].id), name, context, invocable);
  const needed = FUNCTION_NAMES.filter((name) => isNeeded(name, context.settings));
  const presenceNotifier = needed.includes("presenceNotifier") ? make("presenceNotifier", {}) : undefined;
  const lingerFlusher = needed.includes("lingerFlusher") ? make("lingerFlusher", { presenceNotifier }) : undefined;
  const others = needed.filter((name) => name !== "presenceNotifier" && name !== "lingerFlusher");
  const functions = Object.fromEntries(others.map((name) => [name, make(name, { presenceNotifier, lingerFlusher })]));
  return {
    ...functions,
    ...(lingerFlusher && { lingerFlusher }),
    ...(presenceNotifier && { presenceNotifier }),
  } as unknown as PushItFunctions;
};

const makeFunction = (
  scope: Construct,
  name: FunctionName,
  context: FunctionContext,
  invocable: Invocable,
): lambda.Function => {
  const { props, settings, targets, guards } = context;
  const { asynchronous } = FUNCTIONS[name];
  const runsGuards = RUNS_GUARDS.has(name);
  const logGroup = new logs.LogGroup(scope, "Logs", {
    encryptionKey: context.logKey,
    retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
    removalPolicy: props.logRemovalPolicy ?? RemovalPolicy.DESTROY,
  });
  const environment = environmentOf(name, context, invocable);
  assertEnvironmentFits(scope, environment);
  const role = new iam.Role(scope, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
  grantFunctionPermissions(role, permissionsOf(name, settings, guards), logGroup, targets);
  const invoked = invokedBy(name, invocable);
  if (invoked.length > 0) {
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ["lambda:InvokeFunction"],
        resources: invoked.map(([, { functionArn }]) => functionArn),
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
    reservedConcurrentExecutions: reservedOf(name, props),
    role,
    logGroup,
    loggingFormat: lambda.LoggingFormat.JSON,
    applicationLogLevelV2: props.applicationLogLevel ?? lambda.ApplicationLogLevel.INFO,
    systemLogLevelV2: props.systemLogLevel ?? lambda.SystemLogLevel.WARN,
    environment,
    ...(asynchronous && {
      retryAttempts: asynchronous.retryAttempts,
      maxEventAge: Duration.minutes(asynchronous.maxEventAgeMinutes),
    }),
  });
};

const reservedOf = (name: FunctionName, { reservedConcurrency }: PushItProps): number | undefined => {
  const reserved: { readonly [name: string]: number | undefined } = { ...reservedConcurrency };
  return reserved[name];
};

/** The functions of the construct that a function invokes, in the order in which the template has always named them. */
const invokedBy = (name: FunctionName, invocable: Invocable): [InvokedFunction, lambda.Function][] =>
  (FUNCTIONS[name].invokes ?? []).flatMap((each): [InvokedFunction, lambda.Function][] => {
    const invoked = invocable[each];
    return invoked ? [[each, invoked]] : [];
  });

/** The application's event bus, if the function sends events to it. */
const busOf = (name: FunctionName, { eventBus }: PushItProps): events.IEventBus | undefined =>
  FUNCTIONS[name].sendsEvents ? eventBus : undefined;

const environmentOf = (name: FunctionName, context: FunctionContext, invocable: Invocable): Record<string, string> => {
  const { props, settings, targets, guards, callbackUrl } = context;
  const bus = busOf(name, props);
  return {
    ...(RUNS_GUARDS.has(name) && guards && guardEnvironment(guards, guardsOf(name, settings))),
    TABLE_NAME: targets.table.tableName,
    ...(permissionsOf(name, settings, guards).queue.length > 0 && { PUSH_IT_SEGMENTS: targets.queue.queueUrl }),
    PUSH_IT_SETTINGS: JSON.stringify(settings),
    // Each partition has its own domain, such as amazonaws.eu. The code has no list of them.
    PUSH_IT_URL_SUFFIX: Aws.URL_SUFFIX,
    // The SDK and our own client read the endpoint from this variable.
    AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: callbackUrl,
    ...Object.fromEntries(
      invokedBy(name, invocable).map(([each, { functionArn }]) => [ARN_VARIABLES[each], functionArn]),
    ),
    ...(bus && { PUSH_IT_EVENT_BUS: bus.eventBusArn }),
  };
};
