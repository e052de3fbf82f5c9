import type { Settings } from "../../lambdas/settings.js";
import type { ChannelSettings } from "../../protocol/channel-settings.js";
import type { HandlerName } from "../../protocol/guard-manifest.js";

/** An action on the table. */
export type TableAction =
  "GetItem" | "BatchGetItem" | "Query" | "PutItem" | "BatchWriteItem" | "DeleteItem" | "UpdateItem" | "Scan";

/** An action on the connections of the stage: post to them, read their state, close them. */
export type ConnectionAction = "POST" | "GET" | "DELETE";

/** An action on the fan-out queue. Lambda polls the queue with the worker's permissions. */
export type QueueAction =
  "SendMessage" | "ReceiveMessage" | "DeleteMessage" | "GetQueueAttributes" | "ChangeMessageVisibility";

/** The permissions of a function. */
export interface Permissions {
  readonly table: readonly TableAction[];
  readonly connections: readonly ConnectionAction[];
  readonly queue?: readonly QueueAction[];
}

/** Further actions on the table, which a function needs if some channel has certain options. */
export interface ConditionalPermissions {
  /** Whether the options of a channel need these actions. */
  readonly if: (options: ChannelSettings) => unknown;
  /** Whether only a guard in a module needs them. */
  readonly ifGuardModule?: true;
  readonly table: readonly TableAction[];
}

/** One route of the WebSocket API. */
export interface RouteSpec {
  /** The `action` of a frame, or one of API Gateway's own keys. */
  readonly key: string;
  /** Whether API Gateway sends what the function returns to the client. */
  readonly returnsResponse: boolean;
  /** Requests per second of all clients together, in a Region of the usual size. Bursts may be twice as large. */
  readonly requestsPerSecond: number;
}

/** The settings that decide how long a function may take. */
export type TimeoutSettings = Pick<Settings, "timeouts" | "fanOutMs" | "channels">;

/** The parts of a function's timeout, in milliseconds, by the names of the props that decide them. */
export interface TimeoutParts {
  readonly [part: string]: number;
}

/** Functions that others invoke. */
export type InvokedFunction = "lingerFlusher" | "presenceNotifier";

/** The description of one function, from which the construct makes it. */
export interface FunctionSpec {
  /** The function's id in the construct tree. Logical ids contain it, so it never changes. */
  readonly id: string;
  /** The file with the handler, below `lambdas/`. */
  readonly entry: string;
  /** The route in front of the function, if there is one. */
  readonly route?: RouteSpec;
  /** The channel option that needs the function. Without this, every deployment has the function. */
  readonly neededIf?: (options: ChannelSettings) => unknown;
  /** The guards that the function asks. */
  readonly guards: readonly HandlerName[];
  /** The guards that it also asks, if some channel has certain options. */
  readonly guardsIf?: { readonly if: (options: ChannelSettings) => unknown; readonly guards: readonly HandlerName[] };
  /** The permissions of the function in every deployment. */
  readonly permissions: Permissions;
  /** Its further actions on the table. */
  readonly permissionsIf?: readonly ConditionalPermissions[];
  /** The functions that it invokes. */
  readonly invokes?: readonly InvokedFunction[];
  /** Whether it sends events to the application's event bus. */
  readonly sendsEvents?: true;
  /** How long the function may have to wait, apart from the margin. */
  readonly timeout: (settings: TimeoutSettings) => TimeoutParts;
  /** Whether its timeout may be longer than that of a function behind API Gateway. */
  readonly mayOutliveRoutes?: true;
  /** How Lambda treats asynchronous events that failed. Lambda's default is two retries within six hours. */
  readonly asynchronous?: { readonly retryAttempts: number; readonly maxEventAgeMinutes: number };
}
