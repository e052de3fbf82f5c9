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
import { MembersWriter } from "./dynamodb/members-writer.js";
import { OccupancyWriter } from "./dynamodb/occupancy-writer.js";
import { Table } from "./dynamodb/table.js";

/** What every route's Lambda works with. */
export interface Dependencies {
  /** The table, for what only some routes keep there. */
  table: { client: DynamoDBClient; name: string };
  settings: Settings;
  store: Store;
  directory: AgentCache;
  guards: GuardPort;
  /** Where the back end is told of what happens, if it wants to know. */
  events: ServerEvents;
  /** Lets guards read histories, in functions that may do so themselves. */
  letGuardsRead(read: ReadHistory): void;
  clock: Clock;
  log: Log;
}

/** How long DynamoDB may take to connect and to answer before the SDK tries again, in milliseconds. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_000;

const environment = process.env;

const told = JSON.parse(environment["PUSH_IT_SETTINGS"] ?? "{}") as Partial<Settings>;

/** While a stack is updated, a function may have new code and the environment of the version before. */
const settings: Settings = { ...DEFAULT_SETTINGS, ...told, limits: { ...DEFAULT_SETTINGS.limits, ...told.limits } };

/** Has channels' subscribers told who comes and goes. */
export type Announce = (channels: readonly string[]) => Promise<void>;

const inAnotherFunction = (): Announce => {
  const invoke = invokeAsync("PUSH_IT_ANNOUNCE", systemClock);
  // `channel` is for the first release's function, which a rollback brings back before the functions that invoke it.
  return (channels) => invoke({ channel: channels[0], channels });
};

/** The table, which notes who is where if some channel wants that. */
const storeOf = (table: Dependencies["table"], announce: Announce | undefined): Store => {
  const { client, name } = table;
  if (!someChannel(settings.channels, ({ presence }) => presence))
    return new Table(client, name, systemClock, settings.channels);
  const members = new MembersWriter(table);
  const occupancy = new OccupancyWriter(table, systemClock);
  const attending = {
    members,
    occupancy,
    announce: announce ?? inAnotherFunction(),
    settings,
    clock: systemClock,
    log: lambdaLog,
  };
  return new PresenceRecordingTable(client, name, systemClock, settings.channels, new PresenceRecorder(attending));
};

const guardsWith = (events: ServerEvents, read: ReadHistory): GuardPort => {
  const guards = createGuards(settings, systemClock, lambdaLog, read);
  return events === NO_EVENTS ? guards : withDisconnectEvents(guards, events);
};

/**
 * Builds the system from the environment that the construct sets. Once per execution environment.
 * @param announce has channels' subscribers told who comes and goes; left out: by the function that does that
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
