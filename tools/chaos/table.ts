import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  paginateScan,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { System } from "../../local/dev/system/system.js";
import type { Stored } from "./journal.js";

/** A row as it is stored. */
export type Item = Record<string, AttributeValue>;

/** Attributes that are times, in seconds and in milliseconds. */
const SECONDS = ["ttl", "e"];
const MILLISECONDS = ["t", "x"];

const keyOf = ({ pk, sk }: Item): { pk: string; sk: string } => ({ pk: pk?.S ?? "", sk: sk?.S ?? "" });

/** The connection whose row this is; `undefined`: it is nobody's. See docs/ARCHITECTURE.md for the rows. */
export const connectionOf = (item: Item): string | undefined => {
  const { pk, sk } = keyOf(item);
  if (pk.startsWith("a#")) return pk.slice(2);
  if (pk.startsWith("c#")) return sk;
  if (pk.startsWith("p#")) return item["c"]?.S;
  return pk.startsWith("r#") ? sk.slice(sk.indexOf("#") + 1) : undefined;
};

/** Whether a row is about presence. */
export const isPresence = (item: Item): boolean => keyOf(item).pk.startsWith("p#");

/**
 * Whether a row says that its connection is there. Of members who have gone, or whose lease is over, rows stay for a
 * while: by them it is known who has to be told.
 */
export const isLive = (item: Item, now = Date.now()): boolean =>
  !isPresence(item) || (item["g"] === undefined && Number(item["l"]?.N) > now);

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

/** Looks into a system's table, beside the system. */
export class TableView {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor({ dynamodb, model }: Pick<System, "dynamodb" | "model">) {
    const credentials = { accessKeyId: "AKIACHAOSREADER00000", secretAccessKey: "reader" };
    this.#client = new DynamoDBClient({ endpoint: dynamodb.endpoint, region: "us-east-1", credentials });
    this.#name = model.tables[0]?.name ?? "";
  }

  /** Everything in it. */
  async items(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of paginateScan({ client: this.#client }, { TableName: this.#name, ConsistentRead: true })) {
      items.push(...(page.Items ?? []));
    }
    return items;
  }

  /**
   * Makes a row as old as if all that it tells of had happened so many seconds earlier. One that somebody has deleted
   * meanwhile does not come back.
   */
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

  /** Ends the client. */
  close(): void {
    this.#client.destroy();
  }
}

/** What the rows of channels with history tell of their order: `m#<channel>#<epoch>`, the offset, and the message. */
export const storedMessages = (items: readonly Item[]): Stored[] =>
  items.flatMap((item) => {
    const { pk, sk } = keyOf(item);
    const [kind, channel = "", epoch = ""] = pk.split("#");
    const text = item["m"]?.S;
    // A row without a message is a sealed gap.
    if (kind !== "m" || text === undefined) return [];
    return [{ channel, epoch, offset: Number(sk), uuid: (JSON.parse(text) as { uuid: string }).uuid }];
  });
