import { someChannel } from "../../protocol/channel-settings.js";
import { FUNCTION_TIMEOUT_MS } from "../props/limits.js";
import {
  CHECKER_TIMEOUT_MS,
  CLEANUP_BUDGET_MS,
  CLOSE_BUDGET_MS,
  FLUSHER_TIMEOUT_MS,
  MARGIN_MS,
  NOTIFIER_TIMEOUT_MS,
} from "./budgets.js";
import type { FunctionSpec, RouteSpec } from "./function-spec.js";
import { PRESENCE_ROUTES } from "./presence-routes.js";
import {
  lingers,
  keepsLatest,
  hasHistory,
  storesPublishers,
  hasPresence,
  hasPresenceState,
  replays,
  storesLatest,
  answering,
  silent,
  PUBLISHING_GUARDS,
  DELIVERY_GUARDS,
  NOTIFY_AND_CLOSE,
  PUBLISHING,
  RECORDING_PRESENCE,
  USING_HISTORY,
  PUBLISHING_IF,
  PINGING_IF,
  INVOKES_BOTH,
  INVOKES_NOTIFIER,
  replayTimeout,
  publishTimeout,
  fanOutTimeout,
  closeTimeout,
} from "./shared-specs.js";

/**
 * Every function of a Push-It, with its description. A new route is one entry here and one file in `lambdas/routes/`.
 *
 * The throttles of all routes add up to 6,000 of an account's 10,000 requests per second. The rest is for posts: each
 * message to a client counts against the same quota. `$connect` is the route that unknown clients reach, and it may run
 * a guard for ten seconds. Its 400 are below the 500 new connections per second of an account, so one Push-It does not
 * use up all of them. With fewer, 100,000 clients would need more than five minutes to reconnect.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
const REGISTRY = {
  connect: {
    id: "Connect",
    entry: "routes/connect",
    route: silent("$connect", 400),
    guards: ["onConnectionRequest"],
    permissions: { table: ["Query", "DeleteItem", "BatchWriteItem"], connections: [] },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    timeout: ({ timeouts }) => ({ "timeouts.onConnectionRequest": timeouts.onConnectionRequest }),
  },
  disconnect: {
    id: "Disconnect",
    entry: "routes/disconnect",
    route: silent("$disconnect", 900),
    guards: ["onDisconnect"],
    permissions: { table: ["Query", "DeleteItem", "BatchWriteItem"], connections: [] },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    timeout: ({ timeouts }) => ({ "timeouts.onDisconnect": timeouts.onDisconnect, cleanup: CLEANUP_BUDGET_MS }),
  },
  connectStatus: {
    id: "Handshake",
    entry: "routes/connect-status",
    route: answering("connect", 200),
    guards: [],
    permissions: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
    timeout: closeTimeout,
  },
  subscribe: {
    id: "Subscribe",
    entry: "routes/subscribe",
    route: answering("subscribe", 500),
    guards: ["onSubscriptionRequest"],
    guardsIf: { if: replays, guards: ["onMessageReceived"] },
    permissions: { table: ["GetItem", "Query", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
    permissionsIf: [{ if: keepsLatest, table: ["BatchGetItem"] }, RECORDING_PRESENCE, USING_HISTORY],
    invokes: INVOKES_NOTIFIER,
    // The reply may hold the channel's latest message, whose delivery guard decides; that message may have to be posted.
    timeout: (settings) => ({
      "timeouts.onSubscriptionRequest": settings.timeouts.onSubscriptionRequest,
      ...(someChannel(settings.channels, keepsLatest) && {
        "timeouts.onMessageReceived": settings.timeouts.onMessageReceived,
        posting: CLOSE_BUDGET_MS,
      }),
      ...(someChannel(settings.channels, hasHistory) && replayTimeout(settings)),
    }),
  },
  unsubscribe: {
    id: "Unsubscribe",
    entry: "routes/unsubscribe",
    route: answering("unsubscribe", 200),
    guards: ["onUnsubscriptionRequest"],
    permissions: { table: ["GetItem", "Query", "BatchWriteItem"], connections: NOTIFY_AND_CLOSE },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    timeout: ({ timeouts }) => ({ "timeouts.onUnsubscriptionRequest": timeouts.onUnsubscriptionRequest }),
  },
  publish: {
    id: "Publish",
    entry: "routes/publish",
    route: answering("publish", 1_000),
    guards: PUBLISHING_GUARDS,
    permissions: PUBLISHING,
    permissionsIf: PUBLISHING_IF,
    invokes: INVOKES_BOTH,
    sendsEvents: true,
    timeout: publishTimeout,
  },
  send: {
    id: "Send",
    entry: "routes/send",
    route: silent("send", 1_000),
    guards: PUBLISHING_GUARDS,
    permissions: PUBLISHING,
    permissionsIf: PUBLISHING_IF,
    invokes: INVOKES_BOTH,
    sendsEvents: true,
    timeout: publishTimeout,
  },
  refresh: {
    id: "Refresh",
    entry: "routes/refresh",
    route: answering("refresh", 200),
    guards: ["onConnectionRequest", "onDisconnect"],
    permissions: {
      table: ["GetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"],
      connections: NOTIFY_AND_CLOSE,
    },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    // An agent that may not stay is removed.
    timeout: ({ timeouts }) => ({
      "timeouts.onConnectionRequest": timeouts.onConnectionRequest,
      "timeouts.onDisconnect": timeouts.onDisconnect,
    }),
  },
  ping: {
    id: "Ping",
    entry: "routes/ping",
    route: answering("ping", 400),
    guards: [],
    permissions: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
    permissionsIf: PINGING_IF,
    timeout: closeTimeout,
  },
  heartbeat: {
    id: "Heartbeat",
    entry: "routes/heartbeat",
    route: silent("heartbeat", 300),
    guards: [],
    permissions: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
    permissionsIf: PINGING_IF,
    timeout: closeTimeout,
  },
  presence: PRESENCE_ROUTES.presence,
  state: PRESENCE_ROUTES.state,
  history: {
    id: "History",
    entry: "routes/history",
    route: answering("history", 500),
    neededIf: hasHistory,
    guards: ["onSubscriptionRequest", "onMessageReceived"],
    permissions: {
      table: ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem"],
      connections: NOTIFY_AND_CLOSE,
    },
    timeout: (settings) => ({
      "timeouts.onSubscriptionRequest": settings.timeouts.onSubscriptionRequest,
      ...replayTimeout(settings),
    }),
  },
  default: {
    // The CDK leaves an id of "Default" out of logical ids.
    id: "DefaultRoute",
    entry: "routes/default",
    route: answering("$default", 100),
    guards: [],
    permissions: { table: ["GetItem"], connections: NOTIFY_AND_CLOSE },
    timeout: closeTimeout,
  },
  sweep: {
    id: "Sweep",
    entry: "workers/sweep",
    guards: ["onDisconnect"],
    permissions: {
      table: ["GetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"],
      connections: NOTIFY_AND_CLOSE,
    },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_BOTH,
    sendsEvents: true,
    // No client waits for the sweep. It does as much as it can and leaves the rest to its next run.
    timeout: ({ timeouts }) => ({
      "timeouts.onDisconnect": Math.max(timeouts.onDisconnect, FUNCTION_TIMEOUT_MS - MARGIN_MS),
    }),
    // The next sweep does the work of a failed sweep.
    asynchronous: { retryAttempts: 0, maxEventAgeMinutes: 5 },
  },
  serverApi: {
    id: "Publisher",
    entry: "workers/server-api",
    guards: DELIVERY_GUARDS,
    permissions: {
      table: ["BatchGetItem", "Query", "DeleteItem", "BatchWriteItem"],
      connections: NOTIFY_AND_CLOSE,
      queue: ["SendMessage"],
    },
    // To forget a user, it searches the whole table for the user's messages.
    permissionsIf: [...PUBLISHING_IF, { if: storesPublishers, table: ["Scan"] }],
    invokes: INVOKES_BOTH,
    sendsEvents: true,
    timeout: fanOutTimeout,
  },
  fanOutWorker: {
    id: "Deliver",
    entry: "workers/fan-out-worker",
    guards: DELIVERY_GUARDS,
    permissions: {
      // UpdateItem counts the attempts at a segment.
      table: ["BatchGetItem", "Query", "DeleteItem", "BatchWriteItem", "UpdateItem"],
      connections: NOTIFY_AND_CLOSE,
      queue: ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility"],
    },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    timeout: fanOutTimeout,
  },
  lingerFlusher: {
    id: "Flush",
    entry: "workers/linger-flusher",
    neededIf: lingers,
    guards: DELIVERY_GUARDS,
    permissions: {
      table: ["BatchGetItem", "Query", "PutItem", "DeleteItem", "BatchWriteItem"],
      connections: NOTIFY_AND_CLOSE,
      queue: ["SendMessage"],
    },
    permissionsIf: [
      { if: (options) => storesLatest(options) && lingers(options), table: ["UpdateItem"] },
      RECORDING_PRESENCE,
    ],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    // No client waits for the flusher. It runs while messages come, and starts its successor in time.
    timeout: () => ({ flushing: FLUSHER_TIMEOUT_MS - MARGIN_MS }),
    mayOutliveRoutes: true,
  },
  presenceNotifier: {
    id: "Announce",
    entry: "workers/presence-notifier",
    neededIf: hasPresence,
    // A subscriber may know who is present. The delivery guards decide only about states. The notifier cannot invoke
    // itself.
    guards: ["onDisconnect"],
    guardsIf: { if: hasPresenceState, guards: ["onMessageReceived"] },
    permissions: {
      table: ["Query", "UpdateItem", "DeleteItem", "BatchWriteItem"],
      connections: NOTIFY_AND_CLOSE,
      queue: ["SendMessage"],
    },
    permissionsIf: [RECORDING_PRESENCE, { if: hasPresenceState, table: ["BatchGetItem"] }],
    sendsEvents: true,
    timeout: () => ({ announcing: NOTIFIER_TIMEOUT_MS - MARGIN_MS }),
    mayOutliveRoutes: true,
    // It runs every minute for all channels: its next run comes before Lambda's retry would.
    asynchronous: { retryAttempts: 0, maxEventAgeMinutes: 1 },
  },
  presenceChecker: {
    id: "CheckPresence",
    entry: "workers/presence-checker",
    neededIf: hasPresence,
    guards: ["onDisconnect"],
    permissions: {
      table: ["Query", "DeleteItem", "BatchWriteItem"],
      // No other function asks about connections.
      connections: ["GET", "DELETE"],
    },
    permissionsIf: [RECORDING_PRESENCE],
    invokes: INVOKES_NOTIFIER,
    sendsEvents: true,
    timeout: () => ({ checking: CHECKER_TIMEOUT_MS - MARGIN_MS }),
    mayOutliveRoutes: true,
    // The next run, a minute later, does the work of a failed run.
    asynchronous: { retryAttempts: 0, maxEventAgeMinutes: 1 },
  },
} as const satisfies Record<string, FunctionSpec>;

/** The name of one function; `dist/lambdas` has a folder of that name. */
export type FunctionName = keyof typeof REGISTRY;

/** The name of a function behind a route. */
export type RouteName = {
  [name in FunctionName]: (typeof REGISTRY)[name] extends { route: RouteSpec } ? name : never;
}[FunctionName];

/** The registry of functions, by name. */
export const FUNCTIONS: { readonly [name in FunctionName]: FunctionSpec } = REGISTRY;

/** The names of all functions, in the order of the registry. */
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];
