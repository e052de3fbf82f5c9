import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  paginateQuery,
  paginateScan,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { System } from "../../local/dev/system/system.js";
import type { Stored } from "./journal.js";

/** A row as it is stored. */
export type Item = Record<string, AttributeValue>;

/** Attributes with times in seconds, and in milliseconds. */
const SECONDS = ["ttl", "e"];
const MILLISECONDS = ["t", "x"];

const keyOf = ({ pk, sk }: Item): { pk: string; sk: string } => ({ pk: pk?.S ?? "", sk: sk?.S ?? "" });

/** The connection of a row; `undefined` if it has none. docs/ARCHITECTURE.md describes the rows. */
export const connectionOf = (item: Item): string | undefined => {
  const { pk, sk } = keyOf(item);
  if (pk.startsWith("a#")) return pk.slice(2);
  if (pk.startsWith("c#")) return sk;
  if (pk.startsWith("p#")) return item["c"]?.S;
  if (pk.startsWith("b#")) return sk;
  return pk.startsWith("r#") ? sk.slice(sk.indexOf("#") + 1) : undefined;
};

/** Whether a row is about presence: of a member, or of a member's connection. */
export const isPresence = (item: Item): boolean => /^[pb]#/.test(keyOf(item).pk);

/**
 * Whether a row counts as a row of an open connection. Rows of members that left stay for a while: the server still
 * announces them.
 */
export const isLive = (item: Item): boolean => item["g"] === undefined;

const agedBy = (item: Item, seconds: number): Item => {
  const aged = { ...item };
  const earlier = (names: string[], by: number): void => {
    for (const name of names) if (aged[name]?.N !== undefined) aged[name] = { N: String(Number(aged[name].N) - by) };
  };
  earlier(SECONDS, seconds);
  earlier(MILLISECONDS, seconds * 1000);
  const { pk, sk } = keyOf(item);
  if (pk.startsWith("r#"))
    aged["sk"] = { S: sk.replace(/^\d+/, (end) => String(Number(end) - seconds).padStart(end.length, "0")) };
  return aged;
};

/** Reads the table of a system. */
export class TableView {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor({ dynamodb, model }: Pick<System, "dynamodb" | "model">) {
    const credentials = { accessKeyId: "AKIACHAOSREADER00000", secretAccessKey: "reader" };
    this.#client = new DynamoDBClient({ endpoint: dynamodb.endpoint, region: "us-east-1", credentials });
    this.#name = model.tables[0]?.name ?? "";
  }

  /** All rows. */
  async items(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of paginateScan({ client: this.#client }, { TableName: this.#name, ConsistentRead: true })) {
      items.push(...(page.Items ?? []));
    }
    return items;
  }

  /** The rows of a channel's members. */
  async members(channel: string): Promise<Item[]> {
    const query = {
      TableName: this.#name,
      KeyConditionExpression: "pk = :pk",
      ExpressionAttributeValues: { ":pk": { S: `p#${channel}` } },
      ConsistentRead: true,
    };
    const items: Item[] = [];
    for await (const page of paginateQuery({ client: this.#client }, query)) items.push(...(page.Items ?? []));
    return items;
  }

  /** Makes a row older by some seconds. A row that was deleted meanwhile stays deleted. */
  async age(item: Item, seconds: number): Promise<void> {
    const aged = agedBy(item, seconds);
    const { pk, sk } = keyOf(item);
    const there = { TableName: this.#name, ConditionExpression: "attribute_exists(pk)" };
    try {
      if (keyOf(aged).sk === sk) await this.#client.send(new PutItemCommand({ ...there, Item: aged }));
      else {
        await this.#client.send(new DeleteItemCommand({ ...there, Key: { pk: { S: pk }, sk: { S: sk } } }));
        await this.#client.send(new PutItemCommand({ TableName: this.#name, Item: aged }));
      }
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  /** Closes the client. */
  close(): void {
    this.#client.destroy();
  }
}

/** The stored messages in the rows `m#<channel>#<epoch>` of channels with history. */
export const storedMessages = (items: readonly Item[]): Stored[] =>
  items.flatMap((item) => {
    const { pk, sk } = keyOf(item);
    const [kind, channel = "", epoch = ""] = pk.split("#");
    const text = item["m"]?.S;
    // A row without a message is a sealed gap.
    if (kind !== "m" || text === undefined) return [];
    return [{ channel, epoch, offset: Number(sk), uuid: (JSON.parse(text) as { uuid: string }).uuid }];
  });
