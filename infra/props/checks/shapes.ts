import type { StackProps } from "aws-cdk-lib";
import type * as apigatewayv2 from "aws-cdk-lib/aws-apigatewayv2";
import { TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import type * as events from "aws-cdk-lib/aws-events";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type { AccessLogs } from "../../access-logs.js";
import type { ChannelOptions, HistoryOptions, PresenceOptions } from "../channel-options.js";
import type { Limits } from "../client-limits.js";
import type { Guards } from "../../guards/guards.js";
import { Denials, type FunctionConcurrency, type GuardTimeouts, type RouteThrottling } from "../options.js";
import type { PushItProps } from "../push-it-props.js";
import {
  boolean,
  booleanOr,
  duration,
  having,
  list,
  number,
  oneOf,
  record,
  removalPolicy,
  retention,
  struct,
  text,
} from "./rules.js";

const timeouts = struct<GuardTimeouts>({
  onConnectionRequest: duration,
  onSubscriptionRequest: duration,
  onPublicationRequest: duration,
  onUnsubscriptionRequest: duration,
  onPresenceRequest: duration,
  onMessageReceived: duration,
  onDisconnect: duration,
});

const channelOptions = struct<ChannelOptions>({
  linger: duration,
  latest: boolean,
  history: struct<HistoryOptions>({ size: number, ttl: duration }),
  presence: booleanOr("an object such as { state: true }", struct<PresenceOptions>({ state: boolean })),
  from: boolean,
  shards: number,
});

const limits = struct<Limits>({
  subscriptionsPerAgent: number,
  agentsPerUser: number,
  publicationsPerSecond: number,
  subscriptionChangesPerSecond: number,
  ratesPerUser: number,
  channelsPerFrame: number,
  messagesPerFrame: number,
  messageBytes: number,
  channelLength: number,
  channelPunctuation: text,
  credentialsBytes: number,
});

const rate = struct<apigatewayv2.ThrottleSettings>({ rateLimit: number, burstLimit: number });

const throttling = struct<RouteThrottling>({
  connect: rate,
  disconnect: rate,
  connectStatus: rate,
  subscribe: rate,
  unsubscribe: rate,
  publish: rate,
  send: rate,
  refresh: rate,
  ping: rate,
  heartbeat: rate,
  presence: rate,
  state: rate,
  history: rate,
  default: rate,
});

const concurrency = struct<FunctionConcurrency>({
  connect: number,
  disconnect: number,
  connectStatus: number,
  subscribe: number,
  unsubscribe: number,
  publish: number,
  send: number,
  refresh: number,
  ping: number,
  heartbeat: number,
  presence: number,
  state: number,
  history: number,
  default: number,
  sweep: number,
  serverApi: number,
  fanOutWorker: number,
  lingerFlusher: number,
  presenceNotifier: number,
  presenceChecker: number,
});

/** The props of a `PushIt`. */
const PUSH_IT: Parameters<typeof struct<PushItProps>>[0] = {
  guards: having<Guards>("_bind", 'made by Guards, such as Guards.fromModule("guards.ts")'),
  timeouts,
  fanOutBudget: duration,
  fanOutThreshold: number,
  deliveryConcurrency: number,
  wildcards: list("strings", text),
  channels: record("an object with options by pattern", channelOptions),
  dedupeWindow: duration,
  checkInterval: duration,
  presenceLease: duration,
  presenceHeartbeat: duration,
  presenceGrace: duration,
  denials: oneOf<Denials>("Denials", Denials),
  limits,
  allowedOrigins: list("strings", text),
  keepCredentials: boolean,
  publishUrl: boolean,
  eventBus: having<events.IEventBus>("eventBusArn", "an EventBridge bus"),
  apiName: text,
  stageName: text,
  throttling,
  reservedConcurrency: concurrency,
  accessLogs: having<AccessLogs>("_bind", "made by AccessLogs, such as AccessLogs.existingRole()"),
  sweepInterval: duration,
  encryption: oneOf<TableEncryption>("TableEncryption", TableEncryption),
  encryptionKey: having<kms.IKey>("keyArn", "a KMS key"),
  logEncryption: boolean,
  pointInTimeRecovery: boolean,
  deletionProtection: boolean,
  removalPolicy,
  memorySize: number,
  architecture: having<lambda.Architecture>(
    "dockerPlatform",
    "a lambda.Architecture, such as lambda.Architecture.ARM_64",
  ),
  logRetention: retention,
  logRemovalPolicy: removalPolicy,
  applicationLogLevel: oneOf<lambda.ApplicationLogLevel>("lambda.ApplicationLogLevel", lambda.ApplicationLogLevel),
  systemLogLevel: oneOf<lambda.SystemLogLevel>("lambda.SystemLogLevel", lambda.SystemLogLevel),
};

/** The names of a `PushIt`'s props. */
export const PROP_NAMES = Object.keys(PUSH_IT) as (keyof PushItProps)[];

/** The props of a `PushIt`. */
export const pushItProps = struct<PushItProps>(PUSH_IT);

/** The CDK's props of a stack. A newer CDK may have others. */
const STACK: { readonly [name in keyof Required<StackProps>]: true } = {
  analyticsReporting: true,
  crossRegionReferences: true,
  description: true,
  env: true,
  notificationArns: true,
  permissionsBoundary: true,
  propertyInjectors: true,
  stackName: true,
  suppressTemplateIndentation: true,
  synthesizer: true,
  tags: true,
  terminationProtection: true,
};

/** The props of a `PushIt` among those of a stack. */
export const pushItStackProps = struct<PushItProps>(PUSH_IT, { names: Object.keys(STACK), open: true });
