import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import type { Message } from "../../../protocol/index.js";
import { type Key, leaseKey, leaseShards, logKey } from "./keys.js";
import type { Entry, Lease, LingerLog } from "../../linger/linger.js";
import type { Clock } from "../../ports.js";
import { Batches, keyItem, put, remove } from "./batches.js";
import { met } from "./conditional-write.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";

/** The log of each channel that lingers, with a row for each message; and a row for each lease. */
export class LingerTable implements LingerLog {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #batches: Batches;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Clock) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
    this.#batches = new Batches(client, name, clock);
  }

  async append(entries: readonly Entry[]): Promise<void> {
    const ttl = ttlAfterSweep(Math.ceil(this.#clock.now() / 1000));
    await this.#batches.write(entries.map((entry) => put(keyOf(entry), { ttl, ...entryItem(entry) })));
  }

  async waiting(channel: string): Promise<{ entries: Entry[]; more: boolean }> {
    // One page is a megabyte: more than a partition accepts in a second.
    const { Items: items = [], LastEvaluatedKey: next } = await this.#query(logKey(channel, "").pk);
    return { entries: items.map((item) => entryOf(channel, item)), more: next !== undefined };
  }

  async remove(entries: readonly Entry[]): Promise<void> {
    await this.#batches.write(entries.map((entry) => remove(keyOf(entry))));
  }

  async heldUntil(channel: string): Promise<number | undefined> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#name, Key: keyItem(leaseKey(channel)), ConsistentRead: true }),
    );
    return item && untilOf(item);
  }

  async acquireLease({ channel, owner, until }: Lease, previous = owner): Promise<boolean> {
    const now = this.#clock.now();
    return this.#put({ channel, owner, until }, "attribute_not_exists(pk) OR o = :previous OR u <= :now", {
      ":previous": text(previous),
      ":now": number(now),
    });
  }

  async releaseLease(channel: string, owner: string): Promise<void> {
    await this.#put({ channel, owner, until: 0 }, "o = :owner", { ":owner": text(owner) });
  }

  async deleteLease(channel: string, owner: string): Promise<void> {
    await met(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: keyItem(leaseKey(channel)),
          ConditionExpression: "o = :owner AND u = :released",
          ExpressionAttributeValues: { ":owner": text(owner), ":released": number(0) },
        }),
      ),
    );
  }

  async *expiredLeases(): AsyncIterable<string> {
    const now = this.#clock.now();
    for (const shard of leaseShards()) {
      let from: Item | undefined;
      do {
        const page = await this.#query(shard, from);
        for (const item of page.Items ?? []) if (untilOf(item) <= now) yield item["sk"]?.S ?? "";
        from = page.LastEvaluatedKey;
      } while (from);
    }
  }

  /** @returns whether the condition was met */
  #put({ channel, owner, until }: Lease, condition: string, values: Item): Promise<boolean> {
    const ttl = ttlAfterSweep(Math.ceil(Math.max(until, this.#clock.now()) / 1000));
    return met(
      this.#client.send(
        new PutItemCommand({
          TableName: this.#name,
          Item: { ...keyItem(leaseKey(channel)), o: text(owner), u: number(until), ttl },
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }

  #query(pk: string, from?: Item): Promise<{ Items?: Item[]; LastEvaluatedKey?: Item }> {
    return this.#client.send(
      new QueryCommand({
        TableName: this.#name,
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": text(pk) },
        ConsistentRead: true,
        ExclusiveStartKey: from,
      }),
    );
  }
}

const keyOf = ({ id, message }: Entry): Key => logKey(message.channel, id);

const untilOf = (item: Item): number => Number(item["u"]?.N);

const entryItem = ({ message: { channel: _channel, ...message }, except, ephemeral, offset, epoch }: Entry): Item => ({
  m: text(JSON.stringify(message)),
  ...(except === undefined ? {} : { x: text(except) }),
  ...(ephemeral && { f: number(1) }),
  ...(offset === undefined || epoch === undefined ? {} : { n: number(offset), e: text(epoch) }),
});

const entryOf = (channel: string, item: Item): Entry => {
  const message = JSON.parse(item["m"]?.S ?? "{}") as Omit<Message, "channel">;
  const except = item["x"]?.S;
  const epoch = item["e"]?.S;
  return {
    id: item["sk"]?.S ?? "",
    message: { channel, ...message },
    ...(except === undefined ? {} : { except }),
    ...(item["f"] && { ephemeral: true as const }),
    ...(epoch === undefined ? {} : { offset: Number(item["n"]?.N), epoch }),
  };
};
