import { DeleteItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { occupancyKey, occupancyShards } from "./keys.js";
import type { Occupancy, OccupiedChannel } from "../../presence/occupancy.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number, text } from "./items.js";
import { OccupancyWriter } from "./occupancy-writer.js";

/** A row for each channel that has, or recently had, members. */
export class OccupancyTable extends OccupancyWriter implements Occupancy {
  scheduleWakeUp(channel: string, now: number, at: number): Promise<boolean> {
    return this.update(
      channel,
      "SET b = :at, w = if_not_exists(w, :now), #ttl = :ttl",
      { ":now": number(now), ":at": number(at), ":ttl": this.ttl() },
      "attribute_not_exists(b) OR b <= :now",
    );
  }

  async startRun(channel: string): Promise<OccupiedChannel | undefined> {
    const begun = await conditionally(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.name,
          Key: keyItem(occupancyKey(channel)),
          UpdateExpression: "REMOVE a",
          ConditionExpression: "attribute_exists(pk)",
          ReturnValues: "ALL_NEW",
        }),
      ),
    );
    return begun?.Attributes && this.occupiedOf(begun.Attributes);
  }

  occupy(channel: string, now: number): Promise<boolean> {
    return this.update(
      channel,
      "SET o = :now, w = :now, #ttl = :ttl",
      { ":now": number(now), ":ttl": this.ttl() },
      "attribute_not_exists(o)",
    );
  }

  vacate(channel: string, now: number): Promise<boolean> {
    return this.update(
      channel,
      "SET w = :now, #ttl = :ttl REMOVE o",
      { ":now": number(now), ":ttl": this.ttl() },
      "attribute_exists(o)",
    );
  }

  async setCount(channel: string, count: number): Promise<void> {
    await this.update(
      channel,
      "SET n = :count, #ttl = :ttl",
      { ":count": number(count), ":ttl": this.ttl() },
      "attribute_exists(pk)",
    );
  }

  async remove({ channel, since }: OccupiedChannel): Promise<void> {
    await conditionally(
      this.client.send(
        new DeleteItemCommand({
          TableName: this.name,
          Key: keyItem(occupancyKey(channel)),
          ConditionExpression: "attribute_not_exists(o) AND w = :since AND (attribute_not_exists(a) OR a <= :now)",
          ExpressionAttributeValues: { ":since": number(since), ":now": number(this.clock.now()) },
        }),
      ),
    );
  }

  async *all(from: number): AsyncIterable<OccupiedChannel> {
    const shards = occupancyShards();
    const first = Math.floor(from * shards.length);
    for (const pk of [...shards.slice(first), ...shards.slice(0, first)]) {
      let next: Item | undefined;
      do {
        const page: { Items?: Item[]; LastEvaluatedKey?: Item } = await this.client.send(
          new QueryCommand({
            TableName: this.name,
            KeyConditionExpression: "pk = :pk",
            ExpressionAttributeValues: { ":pk": text(pk) },
            ConsistentRead: true,
            ExclusiveStartKey: next,
          }),
        );
        yield* (page.Items ?? []).map((item) => this.occupiedOf(item));
        next = page.LastEvaluatedKey;
      } while (next);
    }
  }
}
