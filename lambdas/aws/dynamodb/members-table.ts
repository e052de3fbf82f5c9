import { DeleteItemCommand, type DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../ports.js";
import type {
  Announcement,
  Members,
  MembersPage,
  PresenceEntry,
  PresenceIdentity,
  StateAnnouncement,
} from "../../presence/members.js";
import { Batches, keyItem } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number, text } from "./items.js";
import { type Key, membersKey, oldMemberKey } from "./keys.js";
import { entryOf } from "./member-items.js";
import { keyOf, MembersWriter } from "./members-writer.js";

/** A row for each connection of each member of a channel. */
export class MembersTable extends MembersWriter implements Members {
  readonly #batches: Batches;

  constructor(table: { client: DynamoDBClient; name: string }, clock: Clock) {
    super(table);
    this.#batches = new Batches(table.client, table.name, clock);
  }

  ofConnection(agent: PresenceIdentity, channels: readonly string[]): Promise<Map<string, PresenceEntry>> {
    return this.#read(channels, (channel) => keyOf(agent, channel));
  }

  oldOfConnection(connectionId: string, channels: readonly string[]): Promise<Map<string, PresenceEntry>> {
    return this.#read(channels, (channel) => oldMemberKey(channel, connectionId));
  }

  async #read(channels: readonly string[], key: (channel: string) => Key): Promise<Map<string, PresenceEntry>> {
    const byKey = new Map(channels.map((channel) => [membersKey(channel), channel]));
    const items = await this.#batches.read(channels.map(key), { consistent: false });
    return new Map(items.map((item) => [byKey.get(item["pk"]?.S ?? "") ?? "", entryOf(item)]));
  }

  async move(
    agent: PresenceIdentity,
    channel: string,
    { place, announced }: PresenceEntry,
    now: number,
  ): Promise<void> {
    await this.join(agent, channel, now);
    if (announced) await this.#announce(keyOf(agent, channel), announced, "attribute_not_exists(t)");
    await this.update(
      { pk: membersKey(channel), sk: place },
      { update: "SET mv = :now", values: { ":now": number(now) } },
    );
  }

  expire(channel: string, { place, since, until }: PresenceEntry, now: number): Promise<boolean> {
    return this.update(
      { pk: membersKey(channel), sk: place },
      {
        update: "SET g = :now",
        condition: "attribute_not_exists(g) AND s = :since AND l = :until",
        values: { ":now": number(now), ":since": number(since), ":until": number(until ?? 0) },
      },
    );
  }

  async announce(channel: string, { place }: PresenceEntry, announcement: Announcement): Promise<void> {
    await this.#announce({ pk: membersKey(channel), sk: place }, announcement, "attribute_exists(pk)");
  }

  async announceState(channel: string, { place }: PresenceEntry, { at, digest }: StateAnnouncement): Promise<void> {
    await this.update(
      { pk: membersKey(channel), sk: place },
      {
        update: "SET st = :at, sd = :digest",
        condition: "attribute_exists(pk)",
        values: { ":at": number(at), ":digest": text(digest) },
      },
    );
  }

  #announce(key: Key, { as, at, digest }: Announcement, condition: string): Promise<boolean> {
    return this.update(key, {
      update: "SET t = :at, f = :as, d = :digest",
      condition,
      values: { ":at": number(at), ":as": text(as), ":digest": text(digest) },
    });
  }

  beginLeaving(channel: string, entry: PresenceEntry, leaving: PresenceEntry["leaving"]): Promise<boolean> {
    const { place, leftAt = 0 } = entry;
    const { as, at } = leaving ?? { as: entry.agent, at: leftAt };
    return this.update(
      { pk: membersKey(channel), sk: place },
      {
        update: "SET z = :as, y = :at REMOVE t, f, d",
        condition: "g = :left",
        values: { ":as": text(as), ":at": number(at), ":left": number(leftAt) },
      },
    );
  }

  async endLeaving(channel: string, { place, leaving }: PresenceEntry): Promise<void> {
    await this.update(
      { pk: membersKey(channel), sk: place },
      { update: "REMOVE z, y", condition: "y = :at", values: { ":at": number(leaving?.at ?? 0) } },
    );
  }

  async remove(channel: string, { place, leftAt, moved }: PresenceEntry): Promise<void> {
    await conditionally(
      this.client.send(
        new DeleteItemCommand({
          TableName: this.name,
          Key: keyItem({ pk: membersKey(channel), sk: place }),
          ...(!moved && {
            ConditionExpression: "g = :left",
            ExpressionAttributeValues: { ":left": number(leftAt ?? 0) },
          }),
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
