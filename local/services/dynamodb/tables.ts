import { setTimeout as sleep } from "node:timers/promises";
import type { TableModel } from "../../assembly/model/tables.js";
import { DynamoDbError, request, type Signer } from "./request.js";

/** How often a table is looked at while it is created, and for how long, in milliseconds. */
const POLL_MS = 20;
const CREATE_MS = 30_000;

/**
 * Creates the missing tables, and waits until they are active.
 * @returns the names of the created tables
 */
export const createTables = async (endpoint: string, signer: Signer, tables: TableModel[]): Promise<string[]> => {
  const created = await Promise.all(tables.map((table) => createTable(endpoint, signer, table)));
  return created.flatMap((name) => name ?? []);
};

const createTable = async (endpoint: string, signer: Signer, table: TableModel): Promise<string | undefined> => {
  try {
    await request(endpoint, signer, "CreateTable", {
      TableName: table.name,
      KeySchema: table.keySchema,
      AttributeDefinitions: table.attributeDefinitions,
      BillingMode: "PAY_PER_REQUEST",
    });
  } catch (error) {
    if (error instanceof DynamoDbError && error.type === "ResourceInUseException") return undefined;
    throw error;
  }
  await waitUntilActive(endpoint, signer, table.name);
  return table.name;
};

const waitUntilActive = async (endpoint: string, signer: Signer, name: string): Promise<void> => {
  for (const until = Date.now() + CREATE_MS; Date.now() < until; await sleep(POLL_MS)) {
    const { Table } = await request<Described>(endpoint, signer, "DescribeTable", { TableName: name });
    if (Table.TableStatus === "ACTIVE") return;
  }
  throw new Error(`The table ${name} was not active after ${CREATE_MS / 1000} seconds.`);
};

interface Described {
  Table: { TableStatus: string };
}
