import { DeleteItemCommand, type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Json } from "../../protocol/index.js";
import { endOf } from "../core/agent.js";
import { memberKey, membersKey } from "../core/keys.js";
import type { Attendant, Attendee, Members } from "../core/members.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditionally.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";

/** How often a join is tried that meets others that note the same agent's going. */
const ATTEMPTS = 3;

/** What is there and has not gone. */
const THERE = "attribute_exists(pk) AND attribute_not_exists(g)";

/** A row for each agent that is present on a channel. */
export class MembersTable implements Members {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor({ client, name }: { client: DynamoDBClient; name: string }) {
    this.#client = client;
    this.#name = name;
  }

  async join(agent: Attendee, channel: string, now: number, until: number): Promise<void> {
    const { connectionId } = agent;
    const told = toldOf(agent);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const fresh = await this.#update(connectionId, channel, {
        // One that has gone is another from now on, of whom nobody has been told.
        update: `SET u = :agent, s = :now, l = :until, #ttl = :ttl${told.set} REMOVE t, g${told.remove}`,
        condition: "attribute_not_exists(pk) OR attribute_exists(g)",
        names: { "#ttl": "ttl" },
        values: { ":agent": text(agent.uuid), ":now": number(now), ":until": number(until), ":ttl": ttlAfterSweep(endOf(agent)), ...told.values },
      });
      if (fresh || (await this.renew(connectionId, channel, until))) return;
    }
    throw new Error("others keep changing whether the agent is present");
  }

  async describe(agent: Attendee, channel: string, now: number): Promise<void> {
    const told = toldOf(agent);
    await this.#update(agent.connectionId, channel, {
      update: `SET s = :now${told.set} REMOVE t${told.remove}`,
      condition: THERE,
      values: { ":now": number(now), ...told.values },
    });
  }

  renew(connectionId: string, channel: string, until: number): Promise<boolean> {
    return this.#update(connectionId, channel, { update: "SET l = :until", condition: THERE, values: { ":until": number(until) } });
  }

  leave(connectionId: string, channel: string, now: number): Promise<boolean> {
    return this.#update(connectionId, channel, { update: "SET g = :now", condition: THERE, values: { ":now": number(now) } });
  }

  end(channel: string, { connectionId, since, until }: Attendant, now: number): Promise<boolean> {
    return this.#update(connectionId, channel, {
      update: "SET g = :now",
      condition: "attribute_not_exists(g) AND s = :since AND l = :until",
      values: { ":now": number(now), ":since": number(since), ":until": number(until) },
    });
  }

  async told(channel: string, { connectionId, since }: Attendant): Promise<void> {
    await this.#update(connectionId, channel, {
      update: "SET t = :since",
      condition: "attribute_not_exists(g) AND s = :since",
      values: { ":since": number(since) },
    });
  }

  async forget(channel: string, { connectionId, since }: Attendant): Promise<void> {
    await conditionally(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: keyItem(memberKey(channel, connectionId)),
          ConditionExpression: "attribute_exists(g) AND s = :since",
          ExpressionAttributeValues: { ":since": number(since) },
        }),
      ),
    );
  }

  async all(channel: string): Promise<Attendant[]> {
    const all: Attendant[] = [];
    let from: Item | undefined;
    do {
      const page: { Items?: Item[]; LastEvaluatedKey?: Item } = await this.#client.send(
        new QueryCommand({
          TableName: this.#name,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": text(membersKey(channel)) },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      all.push(...(page.Items ?? []).map(attendantOf));
      from = page.LastEvaluatedKey;
    } while (from);
    return all;
  }

  /** @returns whether the condition was met */
  async #update(connectionId: string, channel: string, { update, condition, names, values }: Update): Promise<boolean> {
    const updated = await conditionally(
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#name,
          Key: keyItem(memberKey(channel, connectionId)),
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        }),
      ),
    );
    return updated !== undefined;
  }
}

interface Update {
  update: string;
  condition: string;
  names?: Record<string, string>;
  values: Item;
}

/** What is told of an agent, as parts of an update: what it does not have is taken off. */
const toldOf = ({ userId, info }: Attendee): { set: string; remove: string; values: Item } => ({
  set: `${userId === undefined ? "" : ", n = :user"}${info === undefined ? "" : ", i = :info"}`,
  remove: `${userId === undefined ? ", n" : ""}${info === undefined ? ", i" : ""}`,
  values: {
    ...(userId === undefined ? {} : { ":user": text(userId) }),
    ...(info === undefined ? {} : { ":info": text(JSON.stringify(info)) }),
  },
});

const attendantOf = (item: Item): Attendant => {
  const [userId, info, goneAt] = [item["n"]?.S, item["i"]?.S, item["g"]?.N];
  return {
    connectionId: item["sk"]?.S ?? "",
    agent: item["u"]?.S ?? "",
    since: Number(item["s"]?.N),
    until: Number(item["l"]?.N),
    told: item["t"] !== undefined,
    ...(userId === undefined ? {} : { userId }),
    ...(info === undefined ? {} : { info: JSON.parse(info) as Json }),
    ...(goneAt === undefined ? {} : { goneAt: Number(goneAt) }),
  };
};
