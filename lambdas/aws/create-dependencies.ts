import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PresenceRecorder } from "../presence/presence-recorder.js";
import { type ServerEvents, NO_EVENTS, withDisconnectEvents } from "../server-api/server-events.js";
import { someChannel } from "../../protocol/channel-settings.js";
import { AgentCache } from "../connection/agent-cache.js";
import type { Clock, GuardPort, Log, Store } from "../ports.js";
import type { ReadHistory } from "../guards/host.js";
import { DEFAULT_SETTINGS, type Settings } from "../settings.js";
import { PresenceRecordingTable } from "./dynamodb/presence-recording-table.js";
import { systemClock } from "./lambda/clock.js";
import { EventBus } from "./eventbridge/event-bus.js";
import { createGuards } from "./create-guards.js";
import { invokeAsync } from "./lambda/invoke-async.js";
import { lambdaLog } from "./lambda/log.js";
import { LivenessTable } from "./dynamodb/liveness-table.js";
import { MembersWriter } from "./dynamodb/members-writer.js";
import { OccupancyWriter } from "./dynamodb/occupancy-writer.js";
import { Table } from "./dynamodb/table.js";

/** The ports that every function has. */
export interface Dependencies {
  /** The table, for rows that only some functions use. */
  table: { client: DynamoDBClient; name: string };
  settings: Settings;
  store: Store;
  directory: AgentCache;
  guards: GuardPort;
  /** Sends events to the application's servers, if there is a bus. */
  events: ServerEvents;
  /** Lets guards read histories, in functions that may do so themselves. */
  letGuardsRead(read: ReadHistory): void;
  clock: Clock;
  log: Log;
}

/** Maximum times for connecting to DynamoDB and for its response, before the SDK retries, in milliseconds. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_000;

const environment = process.env;

const configured = JSON.parse(environment["PUSH_IT_SETTINGS"] ?? "{}") as Partial<Settings>;

/** During an update of the stack, a function may have new code and the environment of the old version. */
const settings: Settings = {
  ...DEFAULT_SETTINGS,
  ...configured,
  timeouts: { ...DEFAULT_SETTINGS.timeouts, ...configured.timeouts },
  limits: { ...DEFAULT_SETTINGS.limits, ...configured.limits },
};

/** Starts the notifier of joins and leaves for channels. */
export type Announce = (channels: readonly string[]) => Promise<void>;

/** Starts the notifier by an asynchronous invocation. */
export const invokeNotifier = (): Announce => {
  const invoke = invokeAsync("PUSH_IT_ANNOUNCE", systemClock);
  // `channel` is for the first release's function, which a rollback restores before the functions that invoke it.
  return (channels) => invoke({ channel: channels[0], channels });
};

/** Records changes of members, and starts the notifier. */
export const createPresenceRecorder = (table: Dependencies["table"], announce = invokeNotifier()): PresenceRecorder =>
  new PresenceRecorder({
    members: new MembersWriter(table),
    liveness: new LivenessTable(table, systemClock),
    occupancy: new OccupancyWriter(table, systemClock),
    announce,
    settings,
    clock: systemClock,
    log: lambdaLog,
  });

/** The table of connections, which also records presence if a channel has it. */
const storeOf = (table: Dependencies["table"], announce: Announce | undefined): Store => {
  const { client, name } = table;
  if (!someChannel(settings.channels, ({ presence }) => presence))
    return new Table(client, name, systemClock, settings.channels);
  const recorder = createPresenceRecorder(table, announce);
  return new PresenceRecordingTable(client, name, systemClock, settings.channels, recorder);
};

const guardsWith = (events: ServerEvents, read: ReadHistory): GuardPort => {
  const guards = createGuards(settings, systemClock, lambdaLog, read);
  return events === NO_EVENTS ? guards : withDisconnectEvents(guards, events);
};

/**
 * Creates the ports from the construct's environment variables, once for each execution environment.
 * @param announce notifies of joins and leaves; left out: invokes the function that does so
 */
export const createDependencies = (announce?: Announce): Dependencies => {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  const table = { client, name: environment["TABLE_NAME"] ?? "" };
  const store = storeOf(table, announce);
  const bus = environment["PUSH_IT_EVENT_BUS"];
  const events = bus ? new EventBus(bus, lambdaLog) : NO_EVENTS;
  let readHistory: ReadHistory = () => Promise.reject(new Error("channel.history cannot be read here"));
  return {
    table,
    settings,
    store,
    directory: new AgentCache(store, systemClock),
    guards: guardsWith(events, (query) => readHistory(query)),
    events,
    letGuardsRead: (read) => (readHistory = read),
    clock: systemClock,
    log: lambdaLog,
  };
};
