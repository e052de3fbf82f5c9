import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  paginateScan,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { System } from "../../../local/dev/system/system.js";

/** A row of the table, as plain values. */
export type Row = Record<string, string>;

const NUMBERS = new Set(["ttl", "t", "e", "x"]);

/** Which attributes of rows about presence are numbers. */
const PRESENCE_NUMBERS = new Set("ttl t s l g o w a b r y h v mv".split(" "));

const clientOf = ({ dynamodb }: System): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIATESTREADER000000", secretAccessKey: "test" },
  });

/** Everything in the table, for tests that say what must or must not be stored. */
export const rowsOf = async (system: System): Promise<Row[]> => {
  const client = clientOf(system);
  const rows: Row[] = [];
  for await (const page of paginateScan(
    { client },
    { TableName: system.model.tables[0]?.name, ConsistentRead: true },
  )) {
    for (const item of page.Items ?? []) {
      rows.push(Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S ?? value.N ?? ""])));
    }
  }
  client.destroy();
  return rows;
};

/** A row as DynamoDB takes it. */
const itemOf = (row: Row): Record<string, AttributeValue> => {
  // The attribute of an agent's id in other rows is the end of a lease in these.
  const isHead = row["pk"]?.startsWith("h#") === true;
  const numbers = /^[pob]#/.test(row["pk"] ?? "") ? PRESENCE_NUMBERS : NUMBERS;
  const isNumber = (name: string): boolean =>
    isHead
      ? !["pk", "sk", "e"].includes(name)
      : numbers.has(name) ||
        (name === "u" && row["pk"]?.startsWith("f#") === true) ||
        (name === "r" && row["sk"] === "agent");
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, isNumber(name) ? { N: value } : { S: value }]),
  );
};

const put = async (client: DynamoDBClient, { model }: System, row: Row): Promise<void> =>
  void (await client.send(new PutItemCommand({ TableName: model.tables[0]?.name, Item: itemOf(row) })));

const remove = async (client: DynamoDBClient, { model }: System, { pk = "", sk = "" }: Row): Promise<void> =>
  void (await client.send(
    new DeleteItemCommand({ TableName: model.tables[0]?.name, Key: { pk: { S: pk }, sk: { S: sk } } }),
  ));

/** Does something with a client, which is gone afterwards. */
const withClient = async (system: System, work: (client: DynamoDBClient) => Promise<void>): Promise<void> => {
  const client = clientOf(system);
  try {
    await work(client);
  } finally {
    client.destroy();
  }
};

/** Puts a row as it could have been written long ago. */
export const putRow = (system: System, row: Row): Promise<void> =>
  withClient(system, (client) => put(client, system, row));

/** Deletes a row, as another function could have. */
export const deleteRow = (system: System, row: Row): Promise<void> =>
  withClient(system, (client) => remove(client, system, row));

/** A row as if all its times were so many seconds earlier. */
const older = (row: Row, seconds: number): Row => {
  const { pk = "", sk = "" } = row;
  const earlier = (name: string, value: string): string => {
    if (name === "t" || name === "x") return String(Number(value) - seconds * 1000);
    return NUMBERS.has(name) ? String(Number(value) - seconds) : value;
  };
  const aged = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, earlier(name, value)]));
  return pk.startsWith("r#") ? { ...aged, sk: sk.replace(/^\d+/, (end) => String(Number(end) - seconds)) } : aged;
};

/**
 * Makes all connections older than they are. Nothing may write meanwhile.
 * @param rows whose age is changed; left out: all
 */
export const ageRows = (system: System, seconds: number, rows?: readonly Row[]): Promise<void> =>
  withClient(system, async (client) => {
    for (const row of rows ?? (await rowsOf(system))) {
      const aged = older(row, seconds);
      if (aged["sk"] !== row["sk"]) await remove(client, system, row);
      await put(client, system, aged);
    }
  });

/** The connection of an agent, by the agent's id. */
export const connectionOf = (rows: Row[], agent: string): { connectionId: string; connectedAt: number } => {
  const row = rows.find(({ sk, u }) => sk === "agent" && u === agent);
  if (!row) throw new Error(`no agent ${agent} in the table`);
  return { connectionId: (row["pk"] ?? "").slice(2), connectedAt: Number(row["t"]) };
};
