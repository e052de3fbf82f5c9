import { DeleteItemCommand, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { Json } from "../../../protocol/index.js";
import { memberKey, membersKey } from "./keys.js";
import type { PresenceEntry, Members, MembersPage } from "../../presence/members.js";
import type { Clock } from "../../ports.js";
import { Batches, keyItem } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number, text } from "./items.js";
import { MembersWriter } from "./members-writer.js";

/** A row for each agent that is present on a channel. */
export class MembersTable extends MembersWriter implements Members {
  readonly #batches: Batches;

  constructor(table: { client: DynamoDBClient; name: string }, clock: Clock) {
    super(table);
    this.#batches = new Batches(table.client, table.name, clock);
  }

  async leaseExpiries(connectionId: string, channels: readonly string[]): Promise<Map<string, number>> {
    const byKey = new Map(channels.map((channel) => [membersKey(channel), channel]));
    const items = await this.#batches.read(channels.map((channel) => memberKey(channel, connectionId)));
    const present = items.filter((item) => item["g"] === undefined);
    return new Map(present.map((item) => [byKey.get(item["pk"]?.S ?? "") ?? "", Number(item["l"]?.N)]));
  }

  expire(channel: string, { connectionId, since, until }: PresenceEntry, now: number): Promise<boolean> {
    return this.update(connectionId, channel, {
      update: "SET g = :now",
      condition: "attribute_not_exists(g) AND s = :since AND l = :until",
      values: { ":now": number(now), ":since": number(since), ":until": number(until) },
    });
  }

  async markAnnounced(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await this.update(connectionId, channel, {
      update: "SET t = :since",
      condition: "attribute_not_exists(g) AND s = :since",
      values: { ":since": number(since) },
    });
  }

  async remove(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await conditionally(
      this.client.send(
        new DeleteItemCommand({
          TableName: this.name,
          Key: keyItem(memberKey(channel, connectionId)),
          ConditionExpression: "attribute_exists(g) AND s = :since",
          ExpressionAttributeValues: { ":since": number(since) },
        }),
      ),
    );
  }

  async all(channel: string): Promise<PresenceEntry[]> {
    const all: PresenceEntry[] = [];
    let from: Item | undefined;
    do {
      const page: { Items?: Item[]; LastEvaluatedKey?: Item } = await this.client.send(
        new QueryCommand({
          TableName: this.name,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": text(membersKey(channel)) },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      all.push(...(page.Items ?? []).map(entryOf));
      from = page.LastEvaluatedKey;
    } while (from);
    return all;
  }

  async page(channel: string, after: string | undefined, limit: number): Promise<MembersPage> {
    const { Items: items = [], LastEvaluatedKey: next } = await this.client.send(
      new QueryCommand({
        TableName: this.name,
        KeyConditionExpression: after === undefined ? "pk = :pk" : "pk = :pk AND sk > :after",
        ExpressionAttributeValues: {
          ":pk": text(membersKey(channel)),
          ...(after !== undefined && { ":after": text(after) }),
        },
        Limit: limit,
        ConsistentRead: true,
      }),
    );
    return { entries: items.map(entryOf), more: next !== undefined };
  }
}

const entryOf = (item: Item): PresenceEntry => {
  const [userId, info, leftAt] = [item["n"]?.S, item["i"]?.S, item["g"]?.N];
  return {
    connectionId: item["c"]?.S ?? "",
    agent: item["u"]?.S ?? "",
    since: Number(item["s"]?.N),
    until: Number(item["l"]?.N),
    announced: item["t"] !== undefined,
    ...(userId === undefined ? {} : { userId }),
    ...(info === undefined ? {} : { info: JSON.parse(info) as Json }),
    ...(leftAt === undefined ? {} : { leftAt: Number(leftAt) }),
  };
};
