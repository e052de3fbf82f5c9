import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { HistorySettings } from "../../../protocol/channel-settings.js";
import type { ChannelPosition, Erasure } from "../../server-api/erasure.js";
import { HEAD_SECONDS } from "../../history/history.js";
import { headKey, type Key, LATEST_PREFIX, latestKey, positionOfRow, rowKey, ROWS_PREFIX } from "./keys.js";
import type { Clock } from "../../ports.js";
import { Batches, keyItem, remove } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number, text } from "./items.js";

/** How many rows one page of a deletion reads: as many as a few batches of writes delete. */
const ROWS_PER_PAGE = 250;

/** Deletes stored messages of channels. Only the function of the server API uses it. */
export class ErasureTable implements Erasure {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Clock) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  async deleteMessage({ channel, epoch, offset }: ChannelPosition): Promise<string | undefined> {
    const key = rowKey(channel, epoch, offset);
    const item = await this.#get(key);
    const message = item?.["m"]?.S;
    if (message === undefined) return item?.["d"]?.S;
    const { uuid } = JSON.parse(message) as { uuid: string };
    await this.#update(key, "SET d = :uuid REMOVE m", { ":uuid": text(uuid) });
    return uuid;
  }

  async disown({ channel, epoch, offset }: ChannelPosition): Promise<void> {
    await this.#update(rowKey(channel, epoch, offset), "REMOVE o");
  }

  async restart(channel: string, newEpoch: string, { seconds }: HistorySettings): Promise<void> {
    const epoch = (await this.#get(headKey(channel)))?.["e"]?.S;
    if (epoch === undefined) return;
    const now = this.#clock.now();
    // If another request has restarted it meanwhile, nothing is left to do.
    await this.#update(
      headKey(channel),
      "SET n = :none, e = :epoch, b = :now, t = :now, #ttl = :ttl ADD x :before",
      {
        ":none": number(0),
        ":epoch": text(newEpoch),
        ":now": number(now),
        ":ttl": number(Math.ceil(now / 1000) + seconds + HEAD_SECONDS),
        ":before": { SS: [epoch] },
        ":known": text(epoch),
      },
      "e = :known",
    );
  }

  async leftovers(channel: string): Promise<{ epochs: string[]; since: number }> {
    const item = await this.#get(headKey(channel));
    return { epochs: item?.["x"]?.SS ?? [], since: Number(item?.["b"]?.N ?? 0) };
  }

  async deleteRows(
    channel: string,
    epoch: string,
    hasTime: () => boolean,
  ): Promise<{ deleted: number; isWhole: boolean }> {
    const batches = new Batches(this.#client, this.#name, this.#clock);
    let deleted = 0;
    let next: Item | undefined;
    do {
      const { Items: items = [], LastEvaluatedKey: last } = await this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": text(rowKey(channel, epoch, 0).pk) },
          Limit: ROWS_PER_PAGE,
          ConsistentRead: true,
          ...(next && { ExclusiveStartKey: next }),
        }),
      );
      await batches.write(items.map((item) => remove({ pk: item["pk"]?.S ?? "", sk: item["sk"]?.S ?? "" })));
      deleted += items.filter((item) => item["m"]).length;
      next = last;
    } while (next && hasTime());
    if (next) return { deleted, isWhole: false };
    await this.#update(headKey(channel), "DELETE x :epoch", { ":epoch": { SS: [epoch] } });
    return { deleted, isWhole: true };
  }

  async deleteLatest(channel: string, userId?: string): Promise<void> {
    await conditionally(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: keyItem(latestKey(channel)),
          ...(userId !== undefined && {
            ConditionExpression: "o = :user",
            ExpressionAttributeValues: { ":user": text(userId) },
          }),
        }),
      ),
    );
  }

  async publishedBy(
    userId: string,
    after?: string,
  ): Promise<{ found: ChannelPosition[]; latest: string[]; after?: string }> {
    const { Items: items = [], LastEvaluatedKey: last } = await this.#client.send(
      new ScanCommand({
        TableName: this.#name,
        FilterExpression: "o = :user AND (begins_with(pk, :rows) OR begins_with(pk, :latest))",
        ExpressionAttributeValues: {
          ":user": text(userId),
          ":rows": text(ROWS_PREFIX),
          ":latest": text(LATEST_PREFIX),
        },
        ProjectionExpression: "pk, sk",
        ...(after !== undefined && { ExclusiveStartKey: keyItem(keyOfCursor(after)) }),
      }),
    );
    const keys = items.map((item) => ({ pk: item["pk"]?.S ?? "", sk: item["sk"]?.S ?? "" }));
    const isLatest = ({ pk }: Key): boolean => pk.startsWith(LATEST_PREFIX);
    const found = keys.filter((key) => !isLatest(key)).map(positionOfRow);
    const latest = keys.filter(isLatest).map(({ pk }) => pk.slice(LATEST_PREFIX.length));
    return { found, latest, ...(last && { after: cursorOf({ pk: last["pk"]?.S ?? "", sk: last["sk"]?.S ?? "" }) }) };
  }

  async #get(key: Key): Promise<Item | undefined> {
    return (
      await this.#client.send(new GetItemCommand({ TableName: this.#name, Key: keyItem(key), ConsistentRead: true }))
    ).Item;
  }

  /** Updates an existing row. An expired or changed row stays as it is. */
  async #update(key: Key, expression: string, values?: Item, condition = "attribute_exists(pk)"): Promise<void> {
    await conditionally(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: keyItem(key),
          UpdateExpression: expression,
          ConditionExpression: condition,
          ...(expression.includes("#ttl") && { ExpressionAttributeNames: { "#ttl": "ttl" } }),
          ...(values && { ExpressionAttributeValues: values }),
        }),
      ),
    );
  }
}

const cursorOf = ({ pk, sk }: Key): string => Buffer.from(JSON.stringify([pk, sk])).toString("base64url");

/** The key after which a page starts. `readServerRequest` has validated the cursor. */
const keyOfCursor = (cursor: string): Key => {
  const [pk, sk] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as [string, string];
  return { pk, sk };
};
