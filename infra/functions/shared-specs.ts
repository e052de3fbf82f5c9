import type { ChannelSettings } from "../../protocol/channel-settings.js";
import { REPLAY_GUARD_TIMEOUT_FACTOR } from "../../protocol/deployment.js";
import type { HandlerName } from "../../protocol/guard-manifest.js";
import { CLOSE_BUDGET_MS } from "./budgets.js";
import type {
  ConditionalPermissions,
  ConnectionAction,
  InvokedFunction,
  Permissions,
  RouteSpec,
  TimeoutParts,
  TimeoutSettings,
} from "./function-spec.js";

/* The parts that several entries of the registry share. */

/** Whether a channel gathers messages. */
export const lingers = ({ lingerMs }: ChannelSettings) => lingerMs;
/** Whether a channel keeps its latest message. */
export const keepsLatest = ({ latest }: ChannelSettings) => latest;
/** Whether a channel has history. */
export const hasHistory = ({ history }: ChannelSettings) => history;
/** Whether a channel has presence. */
export const hasPresence = ({ presence }: ChannelSettings) => presence;
/** Whether the members of a channel may have a state. */
export const hasPresenceState = ({ presenceState }: ChannelSettings) => presenceState;
/** Whether a channel replays messages to a new subscriber. */
export const replays = ({ latest, history }: ChannelSettings) => latest ?? history;
/** Whether stored messages say whose they are: those of a forgotten user are searched. */
export const storesPublishers = ({ latest, history, from }: ChannelSettings) => history ?? (latest && from);
/** Channels with history find their latest message there. */
export const storesLatest = ({ latest, history }: ChannelSettings) => latest && !history;

/** A route whose function replies to the client. */
export const answering = (key: string, requestsPerSecond: number): RouteSpec => ({
  key,
  returnsResponse: true,
  requestsPerSecond,
});
/**
 * A route without a route response: `$connect` answers by its status, `$disconnect` and `send` not at all. `heartbeat`
 * posts its reply if there is news.
 */
export const silent = (key: string, requestsPerSecond: number): RouteSpec => ({
  key,
  returnsResponse: false,
  requestsPerSecond,
});

/** The guards of a function that publishes: the publisher's, the recipients', and those of agents that are gone. */
export const PUBLISHING_GUARDS: readonly HandlerName[] = ["onPublicationRequest", "onMessageReceived", "onDisconnect"];
/** The guards of a function that only delivers. */
export const DELIVERY_GUARDS: readonly HandlerName[] = ["onMessageReceived", "onDisconnect"];

/** Sending a connection that has no agent the reason, and closing it. */
export const NOTIFY_AND_CLOSE: readonly ConnectionAction[] = ["POST", "DELETE"];

/** Permissions of a function that publishes for clients. */
export const PUBLISHING: Permissions = {
  table: ["GetItem", "BatchGetItem", "Query", "DeleteItem", "BatchWriteItem"],
  connections: NOTIFY_AND_CLOSE,
  queue: ["SendMessage"],
};

/** Starting or ending subscriptions records who is present. */
export const RECORDING_PRESENCE: ConditionalPermissions = { if: hasPresence, table: ["GetItem", "UpdateItem"] };

/** Storing or reading a history may have to seal an offset at which no message will be. */
export const USING_HISTORY: ConditionalPermissions = {
  if: hasHistory,
  table: ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"],
};

/** More permissions of `ping` and `heartbeat`: they renew presence, and read the heads of histories. */
export const PINGING_IF: readonly ConditionalPermissions[] = [
  { if: hasPresence, table: ["BatchGetItem", "UpdateItem"] },
  { if: hasHistory, table: ["BatchGetItem"] },
];

/** More permissions of functions that publish. */
export const PUBLISHING_IF: readonly ConditionalPermissions[] = [
  { if: lingers, table: ["GetItem", "PutItem"] },
  { if: (options) => storesLatest(options) && !lingers(options), table: ["UpdateItem"] },
  RECORDING_PRESENCE,
  USING_HISTORY,
];

/** Publishing and the sweep start linger flushers, too. */
export const INVOKES_BOTH: readonly InvokedFunction[] = ["lingerFlusher", "presenceNotifier"];
/** Changes of subscriptions start the presence notifier. */
export const INVOKES_NOTIFIER: readonly InvokedFunction[] = ["presenceNotifier"];

/** The time for the delivery guards of a replay. */
export const replayTimeout = ({ timeouts: { onMessageReceived } }: TimeoutSettings): TimeoutParts => ({
  [`timeouts.onMessageReceived, ${REPLAY_GUARD_TIMEOUT_FACTOR} times,`]:
    REPLAY_GUARD_TIMEOUT_FACTOR * onMessageReceived,
});

/** A publication that finds an agent gone removes it, and calls onDisconnect. */
export const publishTimeout = ({ timeouts, fanOutMs }: TimeoutSettings): TimeoutParts => ({
  "timeouts.onPublicationRequest": timeouts.onPublicationRequest,
  fanOutBudget: fanOutMs,
  "timeouts.onDisconnect": timeouts.onDisconnect,
});

/** The timeout of a function that only delivers. */
export const fanOutTimeout = ({ timeouts, fanOutMs }: TimeoutSettings): TimeoutParts => ({
  fanOutBudget: fanOutMs,
  "timeouts.onDisconnect": timeouts.onDisconnect,
});

/** The timeout of a function that closes a connection at most. */
export const closeTimeout = (): TimeoutParts => ({ close: CLOSE_BUDGET_MS });

/** Without a presence guard, the publication guard decides about a state. */
export const stateTimeout = ({
  timeouts: { onPresenceRequest, onPublicationRequest },
}: TimeoutSettings): TimeoutParts => ({
  "timeouts.onPresenceRequest": onPresenceRequest,
  "timeouts.onPublicationRequest": onPublicationRequest,
});
