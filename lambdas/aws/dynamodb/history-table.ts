import { HISTORY_MARGIN_SECONDS } from "../../../protocol/deployment.js";
import {
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { HistorySettings } from "../../../protocol/channel-settings.js";
import {
  ChannelBusy,
  type DedupeRecord,
  type DedupeKey,
  type StreamHead,
  HEAD_SECONDS,
  type Histories,
  type HistoryRow,
} from "../../history/history.js";
import { claimKey, headKey, type Key, rowKey, subscriptionKey } from "./keys.js";
import type { Clock } from "../../ports.js";
import { Batches, keyItem } from "./batches.js";
import { met } from "./conditional-write.js";
import { type Item, number, text } from "./items.js";

/** DynamoDB's errors for a throttled partition, table or account. */
const THROTTLED: ReadonlySet<string> = new Set([
  "ProvisionedThroughputExceededException",
  "ThrottlingException",
  "RequestLimitExceeded",
]);

/**
 * Three kinds of rows: each channel's head, publishers' claims, and messages with a partition for each epoch of a
 * channel.
 */
export class HistoryTable implements Histories {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #dedupeSeconds: number;

  /** @param dedupeSeconds for how long a claim is valid */
  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Clock, dedupeSeconds: number) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
    this.#dedupeSeconds = dedupeSeconds;
  }

  async reserveOffsets(
    channel: string,
    count: number,
    newEpoch: string,
    { seconds }: HistorySettings,
  ): Promise<StreamHead> {
    const now = this.#clock.now();
    const update = new UpdateItemCommand({
      TableName: this.#name,
      Key: keyItem(headKey(channel)),
      UpdateExpression:
        "SET n = if_not_exists(n, :none) + :count, e = if_not_exists(e, :epoch), b = if_not_exists(b, :now), t = :now, #ttl = :ttl",
      ExpressionAttributeNames: { "#ttl": "ttl" },
      ExpressionAttributeValues: {
        ":none": number(0),
        ":count": number(count),
        ":epoch": text(newEpoch),
        ":now": number(now),
        ":ttl": number(Math.ceil(now / 1000) + seconds + HEAD_SECONDS),
      },
      ReturnValues: "ALL_NEW",
    });
    const { Attributes = {} } = await notThrottled(this.#client.send(update));
    return headOf(Attributes);
  }

  async heads(channels: readonly string[]): Promise<Map<string, StreamHead>> {
    const byKey = new Map(channels.map((channel) => [headKey(channel).pk, channel]));
    const items = await new Batches(this.#client, this.#name, this.#clock).read([...byKey.values()].map(headKey));
    return new Map(items.map((item) => [byKey.get(item["pk"]?.S ?? "") ?? "", headOf(item)]));
  }

  async headsOfSubscribed(
    connectionId: string,
    channels: readonly string[],
  ): Promise<Map<string, StreamHead | undefined>> {
    const keys = channels.flatMap((channel) => [subscriptionKey(connectionId, channel), headKey(channel)]);
    const items = await new Batches(this.#client, this.#name, this.#clock).read(keys);
    const found = new Map(items.map((item) => [`${item["pk"]?.S} ${item["sk"]?.S}`, item]));
    const at = ({ pk, sk }: Key): Item | undefined => found.get(`${pk} ${sk}`);
    const subscribed = channels.filter((channel) => at(subscriptionKey(connectionId, channel)));
    return new Map(
      subscribed.map((channel) => {
        const head = at(headKey(channel));
        return [channel, head && headOf(head)];
      }),
    );
  }

  async claim(id: DedupeKey, claim: DedupeRecord): Promise<boolean> {
    return this.#put(keyOf(id), this.#claimItem(claim), "attribute_not_exists(pk) OR #ttl <= :now OR e <> :epoch", {
      ":now": number(Math.floor(this.#clock.now() / 1000)),
      ":epoch": text(claim.epoch),
    });
  }

  async claimed(id: DedupeKey): Promise<DedupeRecord | undefined> {
    const item = await this.#get(keyOf(id));
    return (
      item && {
        epoch: item["e"]?.S ?? "",
        offset: numberOf(item, "n"),
        at: numberOf(item, "t"),
        hash: item["h"]?.S ?? "",
      }
    );
  }

  async reclaim(id: DedupeKey, claim: DedupeRecord, { epoch, offset }: DedupeRecord): Promise<boolean> {
    return this.#put(keyOf(id), this.#claimItem(claim), "e = :epoch AND n = :offset", {
      ":epoch": text(epoch),
      ":offset": number(offset),
    });
  }

  async put(
    channel: string,
    epoch: string,
    { offset, at, message, userId }: HistoryRow,
    { seconds }: HistorySettings,
  ): Promise<boolean> {
    const item: Item = {
      t: number(at),
      ...(message && { m: text(JSON.stringify(message)) }),
      ...(userId !== undefined && { o: text(userId) }),
      ttl: number(Math.ceil(at / 1000) + seconds + HISTORY_MARGIN_SECONDS),
    };
    return this.#put(rowKey(channel, epoch, offset), item, "attribute_not_exists(pk)");
  }

  async row(channel: string, epoch: string, offset: number): Promise<HistoryRow | undefined> {
    const item = await this.#get(rowKey(channel, epoch, offset));
    return item && rowOf(item);
  }

  async rows(
    channel: string,
    epoch: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ rows: HistoryRow[]; whole: boolean }> {
    const { pk, sk } = rowKey(channel, epoch, from);
    const { Items: items = [], LastEvaluatedKey: next } = await this.#client.send(
      new QueryCommand({
        TableName: this.#name,
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: { ":pk": text(pk), ":from": text(sk), ":to": text(rowKey(channel, epoch, to).sk) },
        Limit: limit,
        ConsistentRead: true,
      }),
    );
    const rows = items.map(rowOf);
    return { rows, whole: next === undefined || rows.at(-1)?.offset === to };
  }

  #claimItem({ epoch, offset, at, hash }: DedupeRecord): Item {
    const ttl = Math.ceil(this.#clock.now() / 1000) + this.#dedupeSeconds;
    return { e: text(epoch), n: number(offset), t: number(at), h: text(hash), ttl: number(ttl) };
  }

  async #get(key: Key): Promise<Item | undefined> {
    return (
      await this.#client.send(new GetItemCommand({ TableName: this.#name, Key: keyItem(key), ConsistentRead: true }))
    ).Item;
  }

  /** @returns whether the condition was met */
  async #put(key: Key, item: Item, condition: string, values?: Item): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.#name,
      Item: { ...keyItem(key), ...item },
      ConditionExpression: condition,
      ...(condition.includes("#ttl") && { ExpressionAttributeNames: { "#ttl": "ttl" } }),
      ...(values && { ExpressionAttributeValues: values }),
    });
    return met(notThrottled(this.#client.send(command)));
  }
}

const notThrottled = async <T>(write: Promise<T>): Promise<T> => {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Error && THROTTLED.has(error.name)) throw new ChannelBusy();
    throw error;
  }
};

const keyOf = ({ channel, publisher, uuid }: DedupeKey): Key => claimKey(channel, publisher, uuid);

const numberOf = (item: Item, name: string): number => Number(item[name]?.N);

const headOf = (item: Item): StreamHead => ({
  epoch: item["e"]?.S ?? "",
  offset: numberOf(item, "n"),
  at: numberOf(item, "t"),
  begun: numberOf(item, "b"),
});

const rowOf = (item: Item): HistoryRow => {
  const message = item["m"]?.S;
  const deleted = item["d"]?.S;
  return {
    offset: Number(item["sk"]?.S),
    at: numberOf(item, "t"),
    ...(message !== undefined && { message: JSON.parse(message) as HistoryRow["message"] }),
    ...(deleted !== undefined && { deleted }),
  };
};
