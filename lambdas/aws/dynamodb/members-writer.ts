import { type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Json } from "../../../protocol/index.js";
import { expiryOf } from "../../connection/agent.js";
import {
  memberPlace,
  PLACE_SEPARATOR,
  type Members,
  type PresenceEntry,
  type PresenceIdentity,
} from "../../presence/members.js";
import { keyItem } from "./batches.js";
import { met } from "./conditional-write.js";
import { type Item, number, text, ttlAfterSweep } from "./items.js";
import { type Key, memberKey, membersKey, oldMemberKey } from "./keys.js";
import { entryOf } from "./member-items.js";

/**
 * How long functions of version 0.2.0 take an entry for present, in milliseconds: the lease that they read. While an
 * update or a rollback is under way, they read what other functions have written.
 */
const OLD_LEASE_MS = 120_000;

/** Condition for an entry that has not left. */
const IS_PRESENT = "attribute_exists(pk) AND attribute_not_exists(g)";

/** An update of one entry. */
export interface MemberUpdate {
  update: string;
  condition?: string;
  names?: Record<string, string>;
  values?: Item;
}

/** The part of `MembersTable` for joins and leaves, split off to keep the bundles of connect and disconnect small. */
export class MembersWriter implements Pick<Members, "join" | "describe" | "setState" | "leave" | "ofMember"> {
  protected readonly client: DynamoDBClient;
  protected readonly name: string;

  constructor({ client, name }: { client: DynamoDBClient; name: string }) {
    this.client = client;
    this.name = name;
  }

  async join(agent: PresenceIdentity, channel: string, now: number): Promise<void> {
    const identity = identityUpdate(agent);
    // An entry that has left and is not deleted yet keeps its announcement: then its member has not left for others.
    await this.update(keyOf(agent, channel), {
      update:
        "SET u = :agent, c = :connection, s = if_not_exists(s, :now), r = :now, l = :until, #ttl = :ttl" +
        `${identity.set} REMOVE g${identity.remove}`,
      names: { "#ttl": "ttl" },
      values: {
        ":agent": text(agent.uuid),
        ":connection": text(agent.connectionId),
        ":now": number(now),
        ":until": number(now + OLD_LEASE_MS),
        ":ttl": ttlAfterSweep(expiryOf(agent.connectedAt)),
        ...identity.values,
      },
    });
  }

  async describe(agent: PresenceIdentity, channel: string, now: number): Promise<void> {
    const identity = identityUpdate(agent);
    await this.update(keyOf(agent, channel), {
      update: `SET r = :now${identity.set}${identity.remove && ` REMOVE ${identity.remove.slice(2)}`}`,
      condition: IS_PRESENT,
      values: { ":now": number(now), ...identity.values },
    });
  }

  setState(agent: PresenceIdentity, channel: string, state: Json, now: number): Promise<boolean> {
    return this.update(keyOf(agent, channel), {
      update: state === null ? "SET sa = :now REMOVE S" : "SET S = :state, sa = :now",
      condition: IS_PRESENT,
      values: { ":now": number(now), ...(state !== null && { ":state": text(JSON.stringify(state)) }) },
    });
  }

  async leave(
    connectionId: string,
    member: string | undefined,
    channel: string,
    now: number,
    joinedBefore?: number,
  ): Promise<boolean> {
    const values = { ":now": number(now) };
    if (member !== undefined) {
      const left = await this.update(memberKey(channel, member, connectionId), {
        update: "SET g = :now REMOVE S, sa",
        condition: joinedBefore === undefined ? IS_PRESENT : `${IS_PRESENT} AND r <= :before`,
        values: { ...values, ...(joinedBefore !== undefined && { ":before": number(joinedBefore) }) },
      });
      if (left || joinedBefore !== undefined) return left;
    }
    return this.update(oldMemberKey(channel, connectionId), { update: "SET g = :now", condition: IS_PRESENT, values });
  }

  async ofMember(channel: string, member: string): Promise<PresenceEntry[]> {
    // A user has few connections: they fit one page.
    const { Items: items = [] } = await this.client.send(
      new QueryCommand({
        TableName: this.name,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :member)",
        ExpressionAttributeValues: { ":pk": text(membersKey(channel)), ":member": text(member + PLACE_SEPARATOR) },
        ConsistentRead: true,
      }),
    );
    return items.map(entryOf);
  }

  /** @returns whether the condition was met */
  protected update(key: Key, { update, condition, names, values }: MemberUpdate): Promise<boolean> {
    return met(
      this.client.send(
        new UpdateItemCommand({
          TableName: this.name,
          Key: keyItem(key),
          UpdateExpression: update,
          ConditionExpression: condition,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
        }),
      ),
    );
  }
}

/** The entry of an agent on a channel. */
export const keyOf = (agent: PresenceIdentity, channel: string): Key =>
  memberKey(channel, memberPlace(agent), agent.connectionId);

/** Update expression for a member's public info. Missing fields are removed. */
const identityUpdate = ({ userId, info }: PresenceIdentity): { set: string; remove: string; values: Item } => ({
  set: `${userId === undefined ? "" : ", n = :user"}${info === undefined ? "" : ", i = :info"}`,
  remove: `${userId === undefined ? ", n" : ""}${info === undefined ? ", i" : ""}`,
  values: {
    ...(userId === undefined ? {} : { ":user": text(userId) }),
    ...(info === undefined ? {} : { ":info": text(JSON.stringify(info)) }),
  },
});
