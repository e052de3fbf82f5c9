import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { occupancyKey } from "./keys.js";
import type { Occupancy, OccupiedChannel } from "../../presence/occupancy.js";
import type { Clock } from "../../ports.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number } from "./items.js";

/** How long an unchanged row is stored, in seconds. A join writes it again after half of that. */
const KEPT_SECONDS = 24 * 60 * 60;

/**
 * The part of `OccupancyTable` for joins and leaves, split off to keep the bundles of connect and disconnect small.
 */
export class OccupancyWriter implements Pick<Occupancy, "read" | "ensure" | "scheduleRun"> {
  protected readonly client: DynamoDBClient;
  protected readonly name: string;
  protected readonly clock: Pick<Clock, "now">;

  constructor({ client, name }: { client: DynamoDBClient; name: string }, clock: Pick<Clock, "now">) {
    this.client = client;
    this.name = name;
    this.clock = clock;
  }

  async read(channel: string): Promise<OccupiedChannel | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: this.name, Key: keyItem(occupancyKey(channel)), ConsistentRead: true }),
    );
    return item && this.occupiedOf(item);
  }

  async ensure(channel: string, now: number): Promise<void> {
    await this.update(channel, "SET w = :now, #ttl = :ttl", { ":now": number(now), ":ttl": this.ttl() });
  }

  scheduleRun(channel: string, now: number, until: number): Promise<boolean> {
    const values = { ":now": number(now), ":until": number(until), ":ttl": this.ttl() };
    return this.update(
      channel,
      "SET a = :until, w = if_not_exists(w, :now), #ttl = :ttl",
      values,
      "attribute_not_exists(a) OR a <= :now",
    );
  }

  protected ttl(): { N: string } {
    return { N: String(Math.ceil(this.clock.now() / 1000) + KEPT_SECONDS) };
  }

  protected occupiedOf(item: Item): OccupiedChannel {
    return {
      channel: item["sk"]?.S ?? "",
      occupied: item["o"] !== undefined,
      since: Number(item["w"]?.N),
      runExpectedUntil: Number(item["a"]?.N ?? 0),
      wakeUpAt: Number(item["b"]?.N ?? 0),
      ...(item["n"] === undefined ? {} : { count: Number(item["n"].N) }),
      isStale: Number(item["ttl"]?.N) < this.clock.now() / 1000 + KEPT_SECONDS / 2,
    };
  }

  /** @returns whether the condition was met */
  protected async update(channel: string, update: string, values: Item, condition?: string): Promise<boolean> {
    const updated = await conditionally(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.name,
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
