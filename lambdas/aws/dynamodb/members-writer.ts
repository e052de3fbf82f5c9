import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { endOf } from "../../connection/agent.js";
import { memberKey } from "./keys.js";
import type { PresenceIdentity, Members } from "../../presence/members.js";
import { keyItem } from "./batches.js";
import { conditionally } from "./conditional-write.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";

/** How many times a join is tried while other requests end the same agent's presence. */
const ATTEMPTS = 3;

/** Condition for an entry that has not left. */
const IS_PRESENT = "attribute_exists(pk) AND attribute_not_exists(g)";

/** Condition for an entry that has not left, with an unexpired lease. */
const HAS_LEASE = `${IS_PRESENT} AND l > :now`;

/** The write-only part of `MembersTable`, split off to keep the bundles of connect and disconnect small. */
export class MembersWriter implements Pick<Members, "join" | "describe" | "renew" | "leave"> {
  protected readonly client: DynamoDBClient;
  protected readonly name: string;

  constructor({ client, name }: { client: DynamoDBClient; name: string }) {
    this.client = client;
    this.name = name;
  }

  async join(agent: PresenceIdentity, channel: string, now: number, until: number): Promise<void> {
    const { connectionId } = agent;
    const identity = identityUpdate(agent);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const joined = await this.update(connectionId, channel, {
        // If the agent has left, or its lease has expired, readers may have seen it absent. So it counts as a new
        // member.
        update: `SET u = :agent, c = :connection, s = :now, l = :until, #ttl = :ttl${identity.set} REMOVE t, g${identity.remove}`,
        condition: "attribute_not_exists(pk) OR attribute_exists(g) OR l <= :now",
        names: { "#ttl": "ttl" },
        values: {
          ":agent": text(agent.uuid),
          ":connection": text(connectionId),
          ":now": number(now),
          ":until": number(until),
          ":ttl": ttlAfterSweep(endOf(agent)),
          ...identity.values,
        },
      });
      if (joined || (await this.#renewSame(agent, channel, now, until))) return;
      // It is present, with another info.
      const described = await this.update(connectionId, channel, {
        update: `SET s = :now, l = :until${identity.set} REMOVE t${identity.remove}`,
        condition: HAS_LEASE,
        values: { ":now": number(now), ":until": number(until), ...identity.values },
      });
      if (described) return;
    }
    throw new Error("presence update kept losing its conditional write (concurrent join and leave)");
  }

  async describe(agent: PresenceIdentity, channel: string, now: number): Promise<void> {
    const identity = identityUpdate(agent);
    await this.update(agent.connectionId, channel, {
      update: `SET s = :now${identity.set} REMOVE t${identity.remove}`,
      condition: IS_PRESENT,
      values: { ":now": number(now), ...identity.values },
    });
  }

  renew(connectionId: string, channel: string, now: number, until: number): Promise<boolean> {
    return this.update(connectionId, channel, {
      update: "SET l = :until",
      condition: HAS_LEASE,
      values: { ":now": number(now), ":until": number(until) },
    });
  }

  /** Renews an agent's row if its info is unchanged. */
  #renewSame({ connectionId, info }: PresenceIdentity, channel: string, now: number, until: number): Promise<boolean> {
    const same = info === undefined ? "attribute_not_exists(i)" : "i = :info";
    return this.update(connectionId, channel, {
      update: "SET l = :until",
      condition: `${HAS_LEASE} AND ${same}`,
      values: {
        ":now": number(now),
        ":until": number(until),
        ...(info === undefined ? {} : { ":info": text(JSON.stringify(info)) }),
      },
    });
  }

  leave(connectionId: string, channel: string, now: number): Promise<boolean> {
    return this.update(connectionId, channel, {
      update: "SET g = :now",
      condition: IS_PRESENT,
      values: { ":now": number(now) },
    });
  }

  /** @returns whether the condition was met */
  protected async update(
    connectionId: string,
    channel: string,
    { update, condition, names, values }: Update,
  ): Promise<boolean> {
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

/** Update expression for a member's public info. Missing fields are removed. */
const identityUpdate = ({ userId, info }: PresenceIdentity): { set: string; remove: string; values: Item } => ({
  set: `${userId === undefined ? "" : ", n = :user"}${info === undefined ? "" : ", i = :info"}`,
  remove: `${userId === undefined ? ", n" : ""}${info === undefined ? ", i" : ""}`,
  values: {
    ...(userId === undefined ? {} : { ":user": text(userId) }),
    ...(info === undefined ? {} : { ":info": text(JSON.stringify(info)) }),
  },
});
