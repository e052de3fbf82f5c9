import type { TableModel } from "../../assembly/model/tables.js";
import type { Credentials } from "../../core/credentials.js";
import type { Place } from "../../core/place.js";
import { Partitions } from "./capacity/partitions.js";
import type { DynamoDb, EngineContext } from "./engines/engine.js";
import { startEngine } from "./engines/start.js";
import type { DynamoDbMeter } from "./proxy/capacity.js";
import { type DynamoDbProxyOptions, startDynamoDbProxy } from "./proxy/proxy.js";
import type { Signer } from "./request.js";
import { createTables } from "./tables.js";

/** Options of a local DynamoDB. */
export interface DynamoDbStartOptions
  extends
    Pick<EngineContext, "project" | "reaper" | "log">,
    Pick<DynamoDbProxyOptions, "permissions" | "server" | "faults"> {
  credentials: Credentials;
  place: Place;
  /** See {@link startEngine}. */
  engine: string;
  /** Returns the current tables. */
  tables: () => TableModel[];
  /** Whether to enforce the throughput of partitions. */
  enforceCapacity: boolean;
  meter: DynamoDbMeter | undefined;
}

/** DynamoDB, as functions of this run call it. */
export interface RunningDynamoDb {
  /** The proxy that functions call: it checks permissions. */
  endpoint: string;
  engine: DynamoDb;
  /** Creates the tables that do not exist. */
  createTables(tables: TableModel[]): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Starts a DynamoDB engine, and the proxy in front of it.
 * @throws UserError if the engine cannot be used
 */
export const startDynamoDb = async (options: DynamoDbStartOptions): Promise<RunningDynamoDb> => {
  const { credentials, place, enforceCapacity, tables, meter, permissions, server, faults } = options;
  const signers = signersOf(credentials, place);
  const engine = await startEngine(options.engine, { ...options, signers });
  const partitions = enforceCapacity ? new Partitions(tables) : undefined;
  const proxyOptions = {
    upstream: engine.endpoint,
    credentials,
    permissions,
    ...(server && { server }),
    ...((meter || partitions) && { capacity: { meter, partitions } }),
    ...(faults && { faults }),
  };
  const proxy = await startDynamoDbProxy(proxyOptions).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  return {
    endpoint: proxy.endpoint,
    engine,
    createTables: (models) => createTables(engine.endpoint, signers[0], models),
    async close() {
      await proxy.close();
      await engine.close();
    },
  };
};

/** Two signers, because an engine that separates tables by access key is detected with the second one. */
const signersOf = (credentials: Credentials, { region }: Place): [Signer, Signer] => [
  { accessKeyId: credentials.of("push-it-cli dev").accessKeyId, region },
  { accessKeyId: credentials.of("push-it-cli dev, again").accessKeyId, region },
];
