import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { expiryOf } from "../../connection/agent.js";
import type { Clock } from "../../ports.js";
import { FRESH_MS, type LiveConnection, type Liveness } from "../../presence/liveness.js";
import { memberPlace, type PresenceIdentity } from "../../presence/members.js";
import { Batches, keyItem, remove } from "./batches.js";
import { conditionally, met } from "./conditional-write.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";
import { livenessKey, livenessShardKey } from "./keys.js";

/** A row for each connection that is a member of some channel. */
export class LivenessTable implements Liveness {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #batches: Batches;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Clock) {
    this.#client = client;
    this.#name = name;
    this.#batches = new Batches(client, name, clock);
  }

  async begin(agent: PresenceIdentity, now: number): Promise<void> {
    const { connectionId } = agent;
    const item = await this.#read(connectionId);
    if (item && item["v"] === undefined && Number(item["h"]?.N) > now - FRESH_MS) return;
    await this.#client.send(
      new UpdateItemCommand({
        TableName: this.#name,
        Key: keyItem(livenessKey(connectionId)),
        UpdateExpression: "SET h = :now, k = :member, #ttl = :ttl REMOVE v",
        ExpressionAttributeNames: { "#ttl": "ttl" },
        ExpressionAttributeValues: {
          ":now": number(now),
          ":member": text(memberPlace(agent)),
          ":ttl": ttlAfterSweep(expiryOf(agent.connectedAt)),
        },
      }),
    );
  }

  renew(connectionId: string, now: number): Promise<boolean> {
    return this.#update(connectionId, "SET h = :now", "attribute_exists(pk) AND attribute_not_exists(v)", {
      ":now": number(now),
    });
  }

  async memberPlace(connectionId: string): Promise<string | undefined> {
    return (await this.#read(connectionId))?.["k"]?.S;
  }

  async end(connectionId: string): Promise<void> {
    if (await this.#read(connectionId)) await this.#batches.write([remove(livenessKey(connectionId))]);
  }

  markSilent({ connectionId, heartbeatAt, silentSince }: LiveConnection, now: number): Promise<boolean> {
    if (silentSince !== undefined) return Promise.resolve(true);
    return this.#update(connectionId, "SET v = :now", "h = :heartbeat", {
      ":now": number(now),
      ":heartbeat": number(heartbeatAt),
    });
  }

  async endSilent(connectionId: string): Promise<void> {
    await conditionally(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: keyItem(livenessKey(connectionId)),
          ConditionExpression: "attribute_exists(v)",
        }),
      ),
    );
  }

  async *ofShard(shard: number): AsyncIterable<LiveConnection[]> {
    let from: Item | undefined;
    do {
      const page: { Items?: Item[]; LastEvaluatedKey?: Item } = await this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": text(livenessShardKey(shard)) },
          ExclusiveStartKey: from,
        }),
      );
      yield (page.Items ?? []).map(connectionOf);
      from = page.LastEvaluatedKey;
    } while (from);
  }

  async #read(connectionId: string): Promise<Item | undefined> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#name,
        Key: keyItem(livenessKey(connectionId)),
        ConsistentRead: true,
      }),
    );
    return item;
  }

  #update(connectionId: string, update: string, condition: string, values: Item): Promise<boolean> {
    return met(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: keyItem(livenessKey(connectionId)),
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }
}

const connectionOf = (item: Item): LiveConnection => ({
  connectionId: item["sk"]?.S ?? "",
  heartbeatAt: Number(item["h"]?.N),
  ...(item["v"] && { silentSince: Number(item["v"].N) }),
});
