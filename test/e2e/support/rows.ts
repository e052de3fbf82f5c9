import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import type { System } from "../../../local/dev/system.js";

/** A row of the table, as plain values. */
export type Row = Record<string, string>;

/** Everything in the table, for tests that say what must or must not be stored. */
export const rowsOf = async ({ dynamodb, model }: System): Promise<Row[]> => {
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIATESTREADER000000", secretAccessKey: "test" },
  });
  const rows: Row[] = [];
  for await (const page of paginateScan({ client }, { TableName: model.tables[0]?.name, ConsistentRead: true })) {
    for (const item of page.Items ?? []) {
      rows.push(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? ""])));
    }
  }
  client.destroy();
  return rows;
};

/** The connection of an agent, by the agent's id. */
export const connectionOf = (rows: Row[], agent: string): { connectionId: string; connectedAt: number } => {
  const row = rows.find(({ u }) => u === agent);
  if (!row) throw new Error(`no agent ${agent} in the table`);
  return { connectionId: (row["pk"] ?? "").slice(2), connectedAt: Number(row["t"]) };
};
