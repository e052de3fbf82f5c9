import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import {
  type Agent,
  type Denial,
  denialDeadlineOf,
  endOf,
  EXPIRED,
  expiryOf,
  type Lifetime,
  type ConnectionRecord,
} from "../../connection/agent.js";
import { type ChannelPatterns, shardsOf } from "../../../protocol/channel-settings.js";
import {
  channelKeys,
  connectionKey,
  deadlineKey,
  registrationKey,
  shardKey,
  SHARDS,
  connectionRecordKey,
  subscriberKey,
  subscriberKeys,
  subscriptionKey,
} from "./keys.js";
import { limiter } from "../../util/limiter.js";
import type {
  Clock,
  DeletionOrder,
  ConnectionSubscriptions,
  ExpiredConnection,
  Store,
  Subscriber,
} from "../../ports.js";
import { mergePages } from "../../delivery/merge-streams.js";
import { subscriptionsIn } from "./connection-subscriptions.js";
import { conditionally } from "./conditional-write.js";
import { Batches, keyItem as key, put, remove } from "./batches.js";
import {
  agentItem,
  denialItem,
  type Item,
  number,
  ownSubscriptionItem,
  registrationItem,
  connectionRecordOf,
  subscriberItem,
  subscriberOf,
  text,
  ttlAfterSweep,
} from "./items.js";

/** How many conditional writes run at once. */
const WRITES_IN_FLIGHT = 16;

/** The channels that an agent observes, if it observes none. */
const NONE: ReadonlySet<string> = new Set();

/** The table of connections: one partition for each connection, one for each channel, and a few for registrations. */
export class Table implements Store {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #batches: Batches;
  readonly #channels: ChannelPatterns;

  /** @param channels options of channels: the subscribers of some are spread over several partitions */
  constructor(client: DynamoDBClient, name: string, clock: Clock, channels: ChannelPatterns = {}) {
    this.#client = client;
    this.#name = name;
    this.#clock = clock;
    this.#channels = channels;
    this.#batches = new Batches(client, name, clock);
  }

  async connectionRecord(connectionId: string): Promise<ConnectionRecord> {
    const { Item: item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#name, Key: key(connectionRecordKey(connectionId)), ConsistentRead: true }),
    );
    return item && this.#unexpired(connectionRecordOf(connectionId, item));
  }

  async agents(connectionIds: string[]): Promise<Map<string, Agent>> {
    const items = await this.#batches.read(connectionIds.map(connectionRecordKey));
    const agents = items.flatMap((item) => {
      const record = this.#unexpired(connectionRecordOf((item["pk"]?.S ?? "").slice(connectionKey("").length), item));
      return record && "agent" in record ? [record.agent] : [];
    });
    return new Map(agents.map((agent) => [agent.connectionId, agent]));
  }

  async putAgent(agent: Agent): Promise<void> {
    const deadline = endOf(agent);
    await this.#batches.write([
      put(registrationKey(agent.connectionId, deadline), registrationItem(agent)),
      put(connectionRecordKey(agent.connectionId), agentItem(agent)),
    ]);
  }

  async renewAgent(renewed: Agent, previous: Agent): Promise<Agent | undefined> {
    const { connectionId, uuid } = renewed;
    const { renewals } = previous;
    const agent = { ...renewed, renewals: (renewals ?? 0) + 1 };
    // Of two renewals at once, the second one fails, and has to read again.
    const replaced = await conditionally(
      this.#client.send(
        new PutItemCommand({
          TableName: this.#name,
          Item: { ...key(connectionRecordKey(connectionId)), ...agentItem(agent) },
          ConditionExpression: `u = :uuid AND ${renewals === undefined ? "attribute_not_exists(r)" : "r = :renewals"}`,
          ExpressionAttributeValues: {
            ":uuid": text(uuid),
            ...(renewals === undefined ? {} : { ":renewals": number(renewals) }),
          },
        }),
      ),
    );
    if (!replaced) return undefined;
    if (endOf(previous) !== endOf(agent)) await this.putRegistration(agent);
    return agent;
  }

  async putRegistration(agent: Lifetime & Pick<Agent, "connectionId">): Promise<void> {
    await this.#batches.write([put(registrationKey(agent.connectionId, endOf(agent)), registrationItem(agent))]);
  }

  async renewSubscriptions(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    channels: string[],
    observed = NONE,
  ): Promise<void> {
    const limited = limiter(WRITES_IN_FLIGHT);
    const rows = channels.flatMap((channel): Item[] => [
      { ...key(subscriptionKey(agent.connectionId, channel)), ...ownSubscriptionItem(agent, channel, observed) },
      ...subscriberKeys(channel, agent.connectionId, shardsOf(this.#channels, channel)).map((row) => ({
        ...key(row),
        ...subscriberItem(agent, channel),
      })),
    ]);
    // One by one, because batches cannot have conditions: a subscription that was deleted meanwhile must not come back.
    const replace = (row: Item): Promise<unknown> =>
      conditionally(
        this.#client.send(
          new PutItemCommand({ TableName: this.#name, Item: row, ConditionExpression: "attribute_exists(pk)" }),
        ),
      );
    await Promise.all(rows.map((row) => limited(() => replace(row))));
  }

  async putDenial(connectionId: string, connectedAt: number, denial: Denial): Promise<void> {
    const deadline = denialDeadlineOf(connectedAt);
    await this.#batches.write([
      put(registrationKey(connectionId, deadline), { ttl: ttlAfterSweep(deadline) }),
      put(connectionRecordKey(connectionId), denialItem(connectedAt, deadline, denial)),
    ]);
  }

  async putSubscriptions(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    channels: string[],
    observed = NONE,
  ): Promise<void> {
    const { connectionId } = agent;
    const each = [...new Set(channels)];
    // The agent's own rows first: see docs/ARCHITECTURE.md, "One channel, at once".
    await this.#batches.write(
      each.map((channel) => put(subscriptionKey(connectionId, channel), ownSubscriptionItem(agent, channel, observed))),
    );
    await this.beforeSubscribed(agent, each, observed);
    await this.#batches.write(
      each.map((channel) =>
        put(subscriberKey(channel, connectionId, shardsOf(this.#channels, channel)), subscriberItem(agent, channel)),
      ),
    );
  }

  async deleteSubscriptions(
    connectionId: string,
    channels: string[],
    order: DeletionOrder = "own first",
  ): Promise<void> {
    const each = [...new Set(channels)];
    const own = each.map((channel) => remove(subscriptionKey(connectionId, channel)));
    const others = each.flatMap((channel) =>
      subscriberKeys(channel, connectionId, shardsOf(this.#channels, channel)).map(remove),
    );
    if (order === "own first") await this.#batches.write(own);
    await this.#batches.write(others);
    await this.afterUnsubscribed(connectionId, each);
    if (order === "own last") await this.#batches.write(own);
  }

  /** Runs when an agent has its own rows of subscriptions, and receives nothing yet. */
  protected async beforeSubscribed(_agent: unknown, _channels: string[], _observed: unknown): Promise<void> {}

  /** Runs when an agent receives nothing any more. If it is being removed, it still has its own rows. */
  protected async afterUnsubscribed(_connectionId: string, _channels: string[]): Promise<void> {}

  // A deployment without presence has no rows of it.
  async endPresence(_connectionId: string): Promise<void> {}

  subscribers(channel: string, after?: string): AsyncIterable<readonly Subscriber[]> {
    const [first = "", ...others] = channelKeys(channel, shardsOf(this.#channels, channel));
    const pages = this.#subscribers(first, after);
    return others.length === 0 ? pages : mergePages([pages, ...others.map((pk) => this.#subscribers(pk, after))]);
  }

  async *#subscribers(pk: string, after?: string): AsyncIterable<Subscriber[]> {
    for await (const page of this.#pages(pk, after ? { sk: ">", than: after } : undefined)) {
      const now = this.#clock.now() / 1000;
      yield page.flatMap((item) => subscriberOf(item, now) ?? []);
    }
  }

  async connectionSubscriptions(connectionId: string): Promise<ConnectionSubscriptions> {
    const rows: Item[] = [];
    for await (const item of this.#query(connectionKey(connectionId))) rows.push(item);
    return subscriptionsIn(rows, connectionRecordKey(connectionId).sk);
  }

  async takeConnection(connectionId: string): Promise<ConnectionRecord> {
    const deleted = await conditionally(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#name,
          Key: key(connectionRecordKey(connectionId)),
          ConditionExpression: "attribute_exists(pk)",
          ReturnValues: "ALL_OLD",
        }),
      ),
    );
    return deleted?.Attributes && connectionRecordOf(connectionId, deleted.Attributes);
  }

  async deleteRegistration(connectionId: string, deadline: number): Promise<void> {
    await this.#batches.write([remove(registrationKey(connectionId, deadline))]);
  }

  async putExpired(connectionIds: string[], deadline: number): Promise<void> {
    const item = { ttl: ttlAfterSweep(deadline) };
    await this.#batches.write(
      [...new Set(connectionIds)].map((connectionId) => put(registrationKey(connectionId, deadline), item)),
    );
  }

  async *expiredConnections(): AsyncIterable<ExpiredConnection> {
    const now = deadlineKey(Math.floor(this.#clock.now() / 1000));
    for (let shard = 0; shard < SHARDS; shard += 1) {
      for await (const item of this.#query(shardKey(shard), { sk: "<", than: now })) {
        const deadline = item["sk"]?.S ?? "";
        const connectionId = deadline.slice(deadline.indexOf("#") + 1);
        yield { shard: shardKey(shard), deadline, connectionId, renewable: item["e"] !== undefined };
      }
    }
  }

  async deleteExpired({ shard, deadline }: ExpiredConnection): Promise<void> {
    await this.#batches.write([remove({ pk: shard, sk: deadline })]);
  }

  /** An expired agent counts as absent: DynamoDB deletes such rows days late. */
  #unexpired(record: ConnectionRecord): ConnectionRecord {
    const now = this.#clock.now() / 1000;
    if (!record || !("agent" in record) || endOf(record.agent) > now) return record;
    return expiryOf(record.agent.connectedAt) > now ? { denial: EXPIRED } : undefined;
  }

  /** Every row of a partition, or the rows on one side of a sort key. */
  async *#query(pk: string, side?: Side): AsyncIterable<Item> {
    for await (const page of this.#pages(pk, side)) yield* page;
  }

  /** The same rows, page by page; strongly consistent, in the order of sort keys. */
  async *#pages(pk: string, side?: Side): AsyncIterable<Item[]> {
    const input: QueryCommandInput = {
      TableName: this.#name,
      KeyConditionExpression: side ? `pk = :pk AND sk ${side.sk} :than` : "pk = :pk",
      ExpressionAttributeValues: { ":pk": text(pk), ...(side ? { ":than": text(side.than) } : {}) },
      ExpressionAttributeNames: { "#ttl": "ttl" },
      ProjectionExpression: "sk, #ttl, e, i, x, s, o",
      ConsistentRead: true,
    };
    let from: Item | undefined;
    do {
      const page = await this.#client.send(new QueryCommand({ ...input, ExclusiveStartKey: from }));
      yield page.Items ?? [];
      from = page.LastEvaluatedKey;
    } while (from);
  }
}

/** A part of a partition. */
interface Side {
  sk: "<" | ">";
  than: string;
}
