import { isReserved } from "../../../protocol/index.js";
import {
  type Agent,
  type Denial,
  denialDeadlineOf,
  endOf,
  type Lifetime,
  type ConnectionRecord,
} from "../../../lambdas/connection/agent.js";
import type { ConnectionSubscriptions, ExpiredConnection, Store, Subscriber } from "../../../lambdas/ports.js";

/** The table as a few maps, with the order of calls, and with hooks to interleave or to fail. */
export class MemoryStore implements Store {
  readonly records = new Map<string, ConnectionRecord>();
  /** A connection and a channel that it only observes, by a space. */
  readonly #observed = new Set<string>();
  readonly #subscriptions = new Map<string, Map<string, Lifetime & Pick<Agent, "session">>>();
  readonly registrations = new Set<string>();
  /** Connections that have expired because they were not renewed. */
  readonly renewable = new Set<string>();
  readonly calls: string[] = [];
  /** Subscribers that were not renewed in time. */
  readonly expired = new Set<string>();
  /** Connections whose own rows of their subscriptions are missing. */
  readonly #halved = new Set<string>();
  /** Most subscribers on a page. */
  pageSize = 1_000;
  /** Runs before a method does its work: to let something else happen first, or to throw. */
  before: Partial<Record<keyof Store, () => unknown>> = {};

  async #step(name: keyof Store, ...about: unknown[]): Promise<void> {
    this.calls.push([name, ...about].join(" "));
    await this.before[name]?.();
  }

  /** Adds an agent with its subscriptions, without entries in `calls`. */
  async with(agent: Agent, ...channels: string[]): Promise<this> {
    await this.putAgent(agent);
    await this.putSubscriptions(agent, channels);
    this.calls.length = 0;
    return this;
  }

  /** Leaves only the channels' rows of a connection's subscriptions. */
  halve(connection: Lifetime & Pick<Agent, "connectionId">, channels: string[]): void {
    this.#subscriptions.set(connection.connectionId, new Map(channels.map((channel) => [channel, connection])));
    this.#halved.add(connection.connectionId);
  }

  async connectionRecord(connectionId: string): Promise<ConnectionRecord> {
    await this.#step("connectionRecord", connectionId);
    return this.records.get(connectionId);
  }

  async agents(connectionIds: string[]): Promise<Map<string, Agent>> {
    await this.#step("agents", ...connectionIds);
    const found = connectionIds.map((id) => this.records.get(id));
    return new Map(
      found.flatMap((one) => (one && "agent" in one ? [[one.agent.connectionId, one.agent] as const] : [])),
    );
  }

  async putAgent(agent: Agent): Promise<void> {
    await this.#step("putAgent", agent.connectionId);
    this.records.set(agent.connectionId, { agent });
    this.registrations.add(`${endOf(agent)}#${agent.connectionId}`);
  }

  async renewAgent(renewed: Agent, previous: Agent): Promise<Agent | undefined> {
    await this.#step("renewAgent", renewed.connectionId);
    const standing = this.records.get(renewed.connectionId);
    if (!standing || !("agent" in standing) || standing.agent.uuid !== renewed.uuid) return undefined;
    if (standing.agent.renewals !== previous.renewals) return undefined;
    const agent = { ...renewed, renewals: (previous.renewals ?? 0) + 1 };
    this.registrations.add(`${endOf(agent)}#${agent.connectionId}`);
    this.records.set(agent.connectionId, { agent });
    return agent;
  }

  async renewSubscriptions(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    channels: string[],
    observed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    await this.#step("renewSubscriptions", agent.connectionId, ...channels);
    const mine = this.#subscriptions.get(agent.connectionId);
    for (const channel of channels) if (mine?.has(channel)) this.#putOne(agent, mine, channel, observed);
  }

  async putRegistration(agent: Lifetime & Pick<Agent, "connectionId">): Promise<void> {
    await this.#step("putRegistration", agent.connectionId);
    this.registrations.add(`${endOf(agent)}#${agent.connectionId}`);
  }

  async putDenial(connectionId: string, connectedAt: number, denial: Denial): Promise<void> {
    await this.#step("putDenial", connectionId);
    this.records.set(connectionId, { denial });
    this.registrations.add(`${denialDeadlineOf(connectedAt)}#${connectionId}`);
  }

  async putSubscriptions(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    channels: string[],
    observed: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    await this.#step("putSubscriptions", agent.connectionId, ...channels);
    const mine = this.#subscriptions.get(agent.connectionId) ?? new Map<string, Lifetime & Pick<Agent, "session">>();
    for (const channel of channels) this.#putOne(agent, mine, channel, observed);
    this.#subscriptions.set(agent.connectionId, mine);
  }

  #putOne(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    mine: Map<string, Lifetime & Pick<Agent, "session">>,
    channel: string,
    observed: ReadonlySet<string>,
  ): void {
    mine.set(channel, agent);
    const own = `${agent.connectionId} ${channel}`;
    if (observed.has(channel)) this.#observed.add(own);
    else this.#observed.delete(own);
  }

  async deleteSubscriptions(connectionId: string, channels: string[]): Promise<void> {
    await this.#step("deleteSubscriptions", connectionId, ...channels);
    for (const channel of channels) this.#subscriptions.get(connectionId)?.delete(channel);
  }

  async *subscribers(channel: string, after = ""): AsyncIterable<Subscriber[]> {
    await this.#step("subscribers", channel, ...(after ? [after] : []));
    const found = [...this.#subscriptions]
      .filter(([id, mine]) => mine.has(channel) && id > after)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const subscribers = found.map(([connectionId, mine]): Subscriber => {
      const { connectedAt, session } = mine.get(channel)!;
      const subscriber = {
        connectionId,
        connectedAt,
        ...(isReserved(channel) && session !== undefined && { session }),
      };
      return this.expired.has(connectionId) ? { ...subscriber, expired: true } : subscriber;
    });
    for (let at = 0; at < subscribers.length; at += this.pageSize) {
      if (at > 0) await this.#step("subscribers", channel, "…");
      yield subscribers.slice(at, at + this.pageSize);
    }
  }

  async connectionSubscriptions(connectionId: string): Promise<ConnectionSubscriptions> {
    await this.#step("connectionSubscriptions", connectionId);
    const channels = this.#halved.has(connectionId) ? [] : [...(this.#subscriptions.get(connectionId)?.keys() ?? [])];
    const standing = this.records.get(connectionId);
    if (!standing || !("agent" in standing)) return { present: standing !== undefined, channels, outdated: [] };
    const { agent } = standing;
    const observed = channels.filter((channel) => this.#observed.has(`${connectionId} ${channel}`));
    const outdated = channels.filter((channel) => this.endOf(connectionId, channel) !== endOf(agent));
    return {
      present: true,
      channels,
      outdated,
      ...(observed.length > 0 && { observed }),
      ...(agent.expiresAt === undefined ? {} : { expiresAt: agent.expiresAt }),
      ...(agent.info === undefined ? {} : { info: agent.info }),
    };
  }

  /** When a subscription ends, in epoch seconds, or `undefined` without one. */
  endOf(connectionId: string, channel: string): number | undefined {
    const lifetime = this.#subscriptions.get(connectionId)?.get(channel);
    return lifetime && endOf(lifetime);
  }

  async endPresence(): Promise<void> {}

  async takeConnection(connectionId: string): Promise<ConnectionRecord> {
    await this.#step("takeConnection", connectionId);
    const standing = this.records.get(connectionId);
    this.records.delete(connectionId);
    return standing;
  }

  async deleteRegistration(connectionId: string, deadline: number): Promise<void> {
    await this.#step("deleteRegistration", connectionId);
    this.registrations.delete(`${deadline}#${connectionId}`);
  }

  async putExpired(connectionIds: string[], deadline: number): Promise<void> {
    await this.#step("putExpired", ...connectionIds);
    for (const connectionId of connectionIds) this.registrations.add(`${deadline}#${connectionId}`);
  }

  async *expiredConnections(): AsyncIterable<ExpiredConnection> {
    for (const deadline of [...this.registrations].sort()) {
      await this.#step("expiredConnections");
      const connectionId = deadline.slice(deadline.indexOf("#") + 1);
      yield { shard: "r#0", deadline, connectionId, renewable: this.renewable.has(connectionId) };
    }
  }

  async deleteExpired({ deadline, connectionId }: ExpiredConnection): Promise<void> {
    await this.#step("deleteExpired", connectionId);
    this.registrations.delete(deadline);
  }

  /** The rows of a connection, which are empty after its removal. */
  traces(connectionId: string): string[] {
    return [
      ...(this.records.has(connectionId) ? ["standing"] : []),
      ...(this.#subscriptions.get(connectionId)?.keys() ?? []),
      ...[...this.registrations].filter((deadline) => deadline.endsWith(`#${connectionId}`)),
    ];
  }
}
