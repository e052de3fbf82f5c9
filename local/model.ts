import type { BackEndModel } from "./assembly/back-end.js";
import type { InputProperties } from "./events/input/input.js";
import type { EncryptedResource } from "./iam/keys.js";
import type { Policies } from "./iam/policy.js";

/** What the local runtime runs, read from a synthesized template: one WebSocket API and what hangs on it. */
export interface SystemModel {
  /** The construct's path in the app, such as `PushItStack/PushIt`; for messages. */
  path: string;
  api: ApiModel;
  /** The construct's own, then those that stand beside it in its stack (`outside`), which run when they are invoked. */
  functions: FunctionModel[];
  /** Functions of the stack that cannot be run here; whoever invokes one is told why. */
  unrunnable: UnrunnableFunction[];
  /** The roles of the construct's stack, with everything that any policy of the stack gives them. */
  roles: RoleModel[];
  tables: TableModel[];
  schedules: ScheduleModel[];
  /** The rules of the stack that wait for events. */
  rules: RuleModel[];
  /** Names of the stack's event buses; the default bus is always there besides. */
  buses: string[];
  /** The function URLs of the stack. */
  urls: FunctionUrlModel[];
  /** The SQS queues of the stack. */
  queues: QueueModel[];
  /** What reads these queues, and runs functions with what it reads. */
  mappings: MappingModel[];
  /** What the functions' resource policies permit. */
  permissions: ResourcePermission[];
  /** Tables, queues and secrets of the stack that are under a customer's key. */
  encrypted: EncryptedResource[];
  /** The users of the stack, with everything that any policy of the stack gives them. */
  users: UserModel[];
  /** What a back end publishes with that runs outside the stack; absent: the construct has no such function. */
  backEnd?: BackEndModel;
  /** The stack's outputs that have a value here. */
  outputs: Record<string, string>;
  /** Every resource of the construct, and what becomes of it here. */
  resources: ResourceVerdict[];
  /** What else the construct's stack holds, and what becomes of it: only functions are run, when they are invoked. */
  outside: OutsideVerdict[];
  /** The app's own guard module, as the app names it; absent: it has none. */
  guards?: string;
  /** Warnings that the construct attached to itself during synthesis. */
  warnings: string[];
}

/** One WebSocket API with one stage. */
export interface ApiModel {
  logicalId: string;
  /** The id in URLs and events; locally made up. */
  apiId: string;
  stage: string;
  /** Such as `$request.body.action`. */
  selectionExpression: string;
  /** By route key: `$connect`, `subscribe`, `$default`, … */
  routes: Record<string, RouteModel>;
  /** Throttle of routes that have none of their own; absent: none. */
  throttle?: Throttle;
}

/** One route and the function behind it. */
export interface RouteModel {
  routeKey: string;
  /** The integration's Lambda. */
  functionId: string;
  /** Whether the route has a RouteResponse, so that the function's body is sent back. */
  answers: boolean;
  /** The integration's timeout in milliseconds. @default 29000 */
  timeoutMs?: number;
  throttle?: Throttle;
}

/** A token bucket. */
export interface Throttle {
  /** Requests per second. */
  rate: number;
  burst: number;
}

/** One Lambda function. */
export interface FunctionModel {
  logicalId: string;
  /** The function's name; made up where the template leaves it to AWS. */
  name: string;
  /** Whether it stands outside the construct: nothing runs it but who invokes it. @default false */
  outside?: boolean;
  /** Absolute path of the folder with its code: the asset's, or the one that its inline code was written to. */
  code: string;
  /** Such as `index.handler`. */
  handler: string;
  /** Such as `nodejs24.x` or `python3.14`. */
  runtime: string;
  timeoutSeconds: number;
  memoryMb: number;
  /** The template's environment, resolved. */
  environment: Record<string, string>;
  /** Logical id of its role; absent: the role is not in the template. */
  role?: string;
  /** Absent: unreserved. */
  reservedConcurrency?: number;
  /** How asynchronous invocations are retried, and who hears of them; absent: as Lambda does by itself. */
  async?: AsyncModel;
  /** How Lambda writes what the function logs. @default "Text" */
  logFormat?: "JSON" | "Text";
  /** Least level that is written, with `logFormat: "JSON"` only. @default "INFO" */
  logLevel?: string;
}

/** What an `AWS::Lambda::EventInvokeConfig` and a dead-letter queue say of asynchronous invocations. */
export interface AsyncModel {
  /** 0 to 2. @default 2 */
  retries?: number;
  /** How old an event may become, in seconds. @default 21600 */
  maxAgeSeconds?: number;
  /** ARN of who is told of events that succeeded. */
  onSuccess?: string;
  /** ARN of who is told of events that were given up. */
  onFailure?: string;
  /** ARN of the dead-letter queue or topic. */
  deadLetter?: string;
}

/** A function that cannot be run here. */
export interface UnrunnableFunction {
  logicalId: string;
  name: string;
  reason: string;
}

/** One IAM role, and what its policies say. */
export interface RoleModel extends Policies {
  logicalId: string;
  name: string;
  /** Its unique id, such as `AROAEXAMPLEID`; absent: it is not of this template. */
  uniqueId?: string;
  /** What of its policies is not known here, in sentences. */
  doubts: string[];
}

/** One DynamoDB table. */
export interface TableModel {
  logicalId: string;
  name: string;
  /** `KeySchema` and `AttributeDefinitions` as CloudFormation writes them. */
  keySchema: { AttributeName: string; KeyType: string }[];
  attributeDefinitions: { AttributeName: string; AttributeType: string }[];
}

/** One rule that runs a function by the clock. */
export interface ScheduleModel {
  logicalId: string;
  functionId: string;
  everyMs: number;
}

/** One IAM user, and what the policies say. */
export type UserModel = RoleModel;

/** One rule that runs functions when an event matches. */
export interface RuleModel {
  logicalId: string;
  name: string;
  arn: string;
  /** The name of its bus. */
  bus: string;
  /** The event pattern as the template writes it. */
  pattern: unknown;
  targets: RuleTarget[];
}

/** A function that a rule runs. */
export interface RuleTarget {
  /** The target's id within its rule. */
  id: string;
  functionId: string;
  /** What the function gets: the event, where the template says nothing. */
  input: InputProperties;
}

/** One function URL. */
export interface FunctionUrlModel {
  logicalId: string;
  /** The id in its domain name and in events; locally made up. */
  urlId: string;
  functionId: string;
  /** The function's ARN. */
  functionArn: string;
  authType: "AWS_IAM" | "NONE";
  cors?: CorsModel;
}

/** What a function URL answers to browsers of other origins. */
export interface CorsModel {
  allowOrigins: string[];
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  allowCredentials: boolean;
  maxAgeSeconds?: number;
}

/** One standard SQS queue. */
export interface QueueModel {
  logicalId: string;
  name: string;
  arn: string;
  /** Where it is served. */
  url: string;
  visibilitySeconds: number;
  retentionSeconds: number;
  delaySeconds: number;
  /** How long `ReceiveMessage` waits where it does not say. */
  waitSeconds: number;
  maxMessageBytes: number;
  /** Where messages go that were received too often; absent: they stay. */
  redrive?: { deadLetterArn: string; maxReceiveCount: number };
}

/** One event source mapping: a queue whose messages a function is run with. */
export interface MappingModel {
  logicalId: string;
  functionId: string;
  /** The queue's ARN. */
  queueArn: string;
  /** Most messages of a batch. */
  batchSize: number;
  /** How long a batch is gathered for. */
  windowSeconds: number;
  /** Whether the function tells which messages failed: `ReportBatchItemFailures`. */
  reportsFailures: boolean;
  /** Most batches at a time; absent: as many as Lambda likes. */
  maxConcurrency?: number;
}

/** One statement of a function's resource policy: an `AWS::Lambda::Permission`. */
export interface ResourcePermission {
  functionId: string;
  /** Such as `lambda:InvokeFunction`. */
  action: string;
  /** A service, an account, an ARN, or `*`. */
  principal: string;
  /** What must ask; with wildcards. */
  sourceArn?: string;
  sourceAccount?: string;
  /** The auth type of the URL that must have been asked. */
  authType?: string;
  /** It holds for requests through a URL only, or on a condition that is never met here. */
  conditional?: "url" | "unknown";
}

/** What the local runtime does with a resource. */
export interface ResourceVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "inert" | "refused";
  /** Why it is inert or refused. */
  reason?: string;
}

/** What becomes of a resource outside the construct: run when invoked, refused for a reason, or left alone. */
export interface OutsideVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "refused" | "left";
  /** Why it is refused. */
  reason?: string;
}

/** What came of running a function once. */
export type InvokeResult =
  | { ok: true; payload: unknown }
  | {
      ok: false;
      kind: "error" | "timeout" | "crash" | "throttled";
      message: string;
      error?: FunctionError;
      /** Why Lambda throttles, in its words. @default "ReservedFunctionConcurrentInvocationLimitExceeded" */
      reason?: string;
    };

/** An error of a function as Lambda reports it to its caller. */
export interface FunctionError {
  /** Such as `TypeError`, or Lambda's own `Runtime.ExitError`. */
  errorType: string;
  errorMessage: string;
  /** Of Node functions. */
  trace?: string[];
  /** Of Python functions. */
  requestId?: string;
  /** Of Python functions. */
  stackTrace?: string[];
}

/** How a function is invoked, where it matters to who invokes it. */
export interface InvokeOptions {
  /** What the function gets as its request's id. @default a new one */
  requestId?: string;
  /** Told of each line that the function logs while it runs. */
  logged?: (line: string) => void;
  /** Told what the run is billed, in milliseconds, where that is metered. */
  billed?: (ms: number) => void;
}

/** Runs functions of the template by logical id. */
export interface Invoker {
  /** Never rejects. Waits for the function, at most for its timeout. */
  invoke(functionId: string, event: unknown, options?: InvokeOptions): Promise<InvokeResult>;
}

/** One line of the runtime's log. */
export interface LogEntry {
  level: "debug" | "info" | "warn" | "error";
  /** Who speaks: `gateway`, `lambda`, `dynamodb`, or a function's logical id. */
  source: string;
  message: string;
}

/** Where the parts of the runtime write their log. */
export type Log = (entry: LogEntry) => void;
