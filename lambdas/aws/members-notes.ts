import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { endOf } from "../core/agent.js";
import { memberKey } from "../core/keys.js";
import type { Attendee, Members } from "../core/members.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditionally.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";

/** How often a join is tried that meets others that note the same agent's going. */
const ATTEMPTS = 3;

/** What is there and has not gone. */
const THERE = "attribute_exists(pk) AND attribute_not_exists(g)";

/** What those need of the rows of members who only note who comes and goes: less code in their bundles. */
export class MembersNotes implements Pick<Members, "join" | "describe" | "renew" | "leave"> {
  protected readonly client: DynamoDBClient;
  protected readonly name: string;

  constructor({ client, name }: { client: DynamoDBClient; name: string }) {
    this.client = client;
    this.name = name;
  }

  async join(agent: Attendee, channel: string, now: number, until: number): Promise<void> {
    const { connectionId } = agent;
    const told = toldOf(agent);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const fresh = await this.update(connectionId, channel, {
        // One that has gone is another from now on, of whom nobody has been told.
        update: `SET u = :agent, c = :connection, s = :now, l = :until, #ttl = :ttl${told.set} REMOVE t, g${told.remove}`,
        condition: "attribute_not_exists(pk) OR attribute_exists(g)",
        names: { "#ttl": "ttl" },
        values: {
          ":agent": text(agent.uuid),
          ":connection": text(connectionId),
          ":now": number(now),
          ":until": number(until),
          ":ttl": ttlAfterSweep(endOf(agent)),
          ...told.values,
        },
      });
      if (fresh || (await this.renew(connectionId, channel, until))) return;
    }
    throw new Error("others keep changing whether the agent is present");
  }

  async describe(agent: Attendee, channel: string, now: number): Promise<void> {
    const told = toldOf(agent);
    await this.update(agent.connectionId, channel, {
      update: `SET s = :now${told.set} REMOVE t${told.remove}`,
      condition: THERE,
      values: { ":now": number(now), ...told.values },
    });
  }

  renew(connectionId: string, channel: string, until: number): Promise<boolean> {
    return this.update(connectionId, channel, { update: "SET l = :until", condition: THERE, values: { ":until": number(until) } });
  }

  leave(connectionId: string, channel: string, now: number): Promise<boolean> {
    return this.update(connectionId, channel, { update: "SET g = :now", condition: THERE, values: { ":now": number(now) } });
  }

  /** @returns whether the condition was met */
  protected async update(connectionId: string, channel: string, { update, condition, names, values }: Update): Promise<boolean> {
    const updated = await conditionally(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.name,
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
