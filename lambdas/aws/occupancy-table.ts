import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { occupancyKey, occupancyShards } from "../core/keys.js";
import type { Occupancy, Occupied } from "../core/occupancy.js";
import type { Clock } from "../core/ports.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditionally.js";
import { type Item, number, text } from "./items.js";

/** How long a row is kept that nobody writes again, in seconds. Who comes writes it again when half of that is over. */
const KEPT_SECONDS = 24 * 60 * 60;

/** A row for each channel with presence that has somebody, or had just now. */
export class OccupancyTable implements Occupancy {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Pick<Clock, "now">;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Pick<Clock, "now">) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
  }

  async read(channel: string): Promise<Occupied | undefined> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#name, Key: keyItem(occupancyKey(channel)), ConsistentRead: true }),
    );
    return item && this.#occupiedOf(item);
  }

  async watch(channel: string, now: number): Promise<void> {
    await this.#update(channel, "SET w = :now, #ttl = :ttl", { ":now": number(now), ":ttl": this.#ttl() });
  }

  elect(channel: string, now: number, until: number): Promise<boolean> {
    const values = { ":now": number(now), ":until": number(until), ":ttl": this.#ttl() };
    return this.#update(channel, "SET a = :until, w = if_not_exists(w, :now), #ttl = :ttl", values, "attribute_not_exists(a) OR a <= :now");
  }

  async begin(channel: string): Promise<Occupied | undefined> {
    const begun = await conditionally(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: keyItem(occupancyKey(channel)),
          UpdateExpression: "REMOVE a",
          ConditionExpression: "attribute_exists(pk)",
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    return begun?.Attributes && this.#occupiedOf(begun.Attributes);
  }

  occupy(channel: string, now: number): Promise<boolean> {
    return this.#update(channel, "SET o = :now, w = :now, #ttl = :ttl", { ":now": number(now), ":ttl": this.#ttl() }, "attribute_not_exists(o)");
  }

  vacate(channel: string, now: number): Promise<boolean> {
    return this.#update(channel, "SET w = :now, #ttl = :ttl REMOVE o", { ":now": number(now), ":ttl": this.#ttl() }, "attribute_exists(o)");
  }

  async forget({ channel, since }: Occupied): Promise<void> {
    await conditionally(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: keyItem(occupancyKey(channel)),
          ConditionExpression: "attribute_not_exists(o) AND w = :since AND (attribute_not_exists(a) OR a <= :now)",
          ExpressionAttributeValues: { ":since": number(since), ":now": number(this.#clock.now()) },
        }),
      ),
    );
  }

  async *all(from: number): AsyncIterable<Occupied> {
    const shards = occupancyShards();
    const first = Math.floor(from * shards.length);
    for (const pk of [...shards.slice(first), ...shards.slice(0, first)]) {
      let next: Item | undefined;
      do {
        const page: { Items?: Item[]; LastEvaluatedKey?: Item } = await this.#client.send(
          new QueryCommand({
            TableName: this.#name,
            KeyConditionExpression: "pk = :pk",
            ExpressionAttributeValues: { ":pk": text(pk) },
            ConsistentRead: true,
            ExclusiveStartKey: next,
          }),
        );
        yield* (page.Items ?? []).map((item) => this.#occupiedOf(item));
        next = page.LastEvaluatedKey;
      } while (next);
    }
  }

  #ttl(): { N: string } {
    return { N: String(Math.ceil(this.#clock.now() / 1000) + KEPT_SECONDS) };
  }

  #occupiedOf(item: Item): Occupied {
    return {
      channel: item["sk"]?.S ?? "",
      occupied: item["o"] !== undefined,
      since: Number(item["w"]?.N),
      awaitedUntil: Number(item["a"]?.N ?? 0),
      old: Number(item["ttl"]?.N) < this.#clock.now() / 1000 + KEPT_SECONDS / 2,
    };
  }

  /** @returns whether the condition was met */
  async #update(channel: string, update: string, values: Item, condition?: string): Promise<boolean> {
    const updated = await conditionally(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: keyItem(occupancyKey(channel)),
          UpdateExpression: update,
          ...(condition === undefined ? {} : { ConditionExpression: condition }),
          ExpressionAttributeNames: { "#ttl": "ttl" },
          ExpressionAttributeValues: values,
        }),
      ),
    );
    return updated !== undefined;
  }
}
