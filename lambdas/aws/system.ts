import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Directory } from "../core/directory.js";
import type { Clock, Guards, Log, Store } from "../core/ports.js";
import type { ReadHistory } from "../guards/host.js";
import { DEFAULT_SETTINGS, type Settings } from "../settings.js";
import { systemClock } from "./clock.js";
import { createGuards } from "./guards.js";
import { lambdaLog } from "./log.js";
import { Table } from "./table.js";

/** What every route's Lambda works with. */
export interface System {
  /** The table, for what only some routes keep there. */
  table: { client: DynamoDBClient; name: string };
  settings: Settings;
  store: Store;
  directory: Directory;
  guards: Guards;
  /** Lets guards read histories, in functions that may do so themselves. */
  letGuardsRead(read: ReadHistory): void;
  clock: Clock;
  log: Log;
}

/** How long DynamoDB may take to connect and to answer before the SDK tries again, in milliseconds. */
const CONNECT_MS = 1_000;
const ANSWER_MS = 2_000;

const environment = process.env;

const settings: Settings = { ...DEFAULT_SETTINGS, ...(JSON.parse(environment["PUSH_IT_SETTINGS"] ?? "{}") as Settings) };

/** Builds the system from the environment that the construct sets. Once per execution environment. */
export const createSystem = (): System => {
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  const table = { client, name: environment["TABLE_NAME"] ?? "" };
  const store = new Table(client, table.name, systemClock);
  let readHistory: ReadHistory = () => Promise.reject(new Error("channel.history cannot be read here"));
  return {
    table,
    settings,
    store,
    directory: new Directory(store, systemClock),
    guards: createGuards(settings, systemClock, lambdaLog, (query) => readHistory(query)),
    letGuardsRead: (read) => (readHistory = read),
    clock: systemClock,
    log: lambdaLog,
  };
};
