import type { Policies } from "./iam/policy.js";

/** What the local runtime runs, read from a synthesized template: one WebSocket API and what hangs on it. */
export interface SystemModel {
  /** The construct's path in the app, such as `PushItStack/PushIt`; for messages. */
  path: string;
  api: ApiModel;
  functions: FunctionModel[];
  /** The roles of the construct's stack, with everything that any policy of the stack gives them. */
  roles: RoleModel[];
  tables: TableModel[];
  schedules: ScheduleModel[];
  /** Every resource of the construct, and what becomes of it here. */
  resources: ResourceVerdict[];
  /** What else the construct's stack holds: named, and left alone. */
  outside: { logicalId: string; type: string }[];
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
  /** Absolute path of the asset's folder. */
  code: string;
  /** Such as `index.handler`. */
  handler: string;
  /** Such as `nodejs24.x`. */
  runtime: string;
  timeoutSeconds: number;
  memoryMb: number;
  /** The template's environment, resolved. */
  environment: Record<string, string>;
  /** Logical id of its role; absent: the role is not in the template. */
  role?: string;
  /** Absent: unreserved. */
  reservedConcurrency?: number;
  /** How Lambda writes what the function logs. @default "Text" */
  logFormat?: "JSON" | "Text";
  /** Least level that is written, with `logFormat: "JSON"` only. @default "INFO" */
  logLevel?: string;
}

/** One IAM role, and what its policies say. */
export interface RoleModel extends Policies {
  logicalId: string;
  name: string;
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

/** What the local runtime does with a resource. */
export interface ResourceVerdict {
  logicalId: string;
  type: string;
  verdict: "run" | "inert" | "refused";
  /** Why it is inert or refused. */
  reason?: string;
}

/** What came of running a function once. */
export type InvokeResult =
  | { ok: true; payload: unknown }
  | { ok: false; kind: "error" | "timeout" | "crash" | "throttled"; message: string; error?: FunctionError };

/** An error of a function as Lambda reports it to its caller. */
export interface FunctionError {
  /** Such as `TypeError`, or Lambda's own `Runtime.ExitError`. */
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** Runs functions of the template by logical id. */
export interface Invoker {
  /** Never rejects. Waits for the function, at most for its timeout. */
  invoke(functionId: string, event: unknown): Promise<InvokeResult>;
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
