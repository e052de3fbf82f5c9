import { isReserved, type Json, type Message } from "../../../protocol/index.js";
import {
  type Agent,
  type Denial,
  denialDeadlineOf,
  endOf,
  type Lifetime,
  type ConnectionRecord,
} from "../../../lambdas/connection/agent.js";
import {
  decodeSegment,
  encodeSegment,
  type Segment,
  type SegmentQueuePort,
} from "../../../lambdas/delivery/segments.js";
import type { Frame } from "../../../lambdas/delivery/frame.js";
import type {
  Clock,
  Connections,
  ConnectionSubscriptions,
  Log,
  ExpiredConnection,
  PostResult,
  Store,
  Subscriber,
} from "../../../lambdas/ports.js";

/** When tests take place, in epoch milliseconds. */
export const NOW = Date.UTC(2030, 0, 1);

/** An agent that connected ten minutes ago. */
export const agentOf = (connectionId: string, more: Partial<Agent> = {}): Agent => ({
  uuid: `uuid-of-${connectionId}`,
  connectionId,
  connectedAt: NOW - 600_000,
  sourceIp: "203.0.113.7",
  userAgent: "test",
  ...more,
});

export const messageOf = (channel: string, data: Json = "hello", uuid = "m1"): Message => ({ channel, uuid, data });

/** Time that stands still until someone sleeps: then it jumps to whoever wakes first, once nothing else is left to do. */
export class TestClock implements Clock {
  #now = NOW;
  #sleepers: { at: number; wake: () => void }[] = [];
  /** Every sleep that was asked for, in milliseconds. */
  readonly sleeps: number[] = [];
  chance = 0.5;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }

  sleep(milliseconds: number): Promise<void> {
    this.sleeps.push(milliseconds);
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + milliseconds, wake });
      setImmediate(() => this.#wakeNext());
    });
  }

  #wakeNext(): void {
    const [next] = this.#sleepers.sort((a, b) => a.at - b.at).splice(0, 1);
    if (!next) return;
    this.#now = Math.max(this.#now, next.at);
    next.wake();
  }
}

export interface Logged {
  level: keyof Log;
  event: string;
  fields: Record<string, unknown>;
}

/** A log that remembers. */
export class TestLog implements Log {
  readonly entries: Logged[] = [];
  readonly debug = this.#at("debug");
  readonly info = this.#at("info");
  readonly warn = this.#at("warn");
  readonly error = this.#at("error");

  #at(level: keyof Log) {
    return (event: string, fields: Record<string, unknown> = {}): void =>
      void this.entries.push({ level, event, fields });
  }

  events(level?: keyof Log): string[] {
    return this.entries.filter((entry) => level === undefined || entry.level === level).map(({ event }) => event);
  }

  of(event: string): Record<string, unknown>[] {
    return this.entries.filter((entry) => entry.event === event).map(({ fields }) => fields);
  }
}

/** The table as a few maps, with the order of calls, and with a place to interleave or fail. */
export class MemoryStore implements Store {
  readonly records = new Map<string, ConnectionRecord>();
  readonly #subscriptions = new Map<string, Map<string, Lifetime & Pick<Agent, "session">>>();
  readonly registrations = new Set<string>();
  /** Connections that are overdue because they were not renewed. */
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

  /** Adds an agent with its subscriptions, without leaving a trace in `calls`. */
  async with(agent: Agent, ...channels: string[]): Promise<this> {
    await this.putAgent(agent);
    await this.putSubscriptions(agent, channels);
    this.calls.length = 0;
    return this;
  }

  /** Leaves the channels' rows of subscriptions behind, and nothing else of a connection. */
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
  ): Promise<void> {
    await this.#step("renewSubscriptions", agent.connectionId, ...channels);
    const mine = this.#subscriptions.get(agent.connectionId);
    for (const channel of channels) if (mine?.has(channel)) mine.set(channel, agent);
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

  async putSubscriptions(agent: Lifetime & Pick<Agent, "connectionId" | "session">, channels: string[]): Promise<void> {
    await this.#step("putSubscriptions", agent.connectionId, ...channels);
    const mine = this.#subscriptions.get(agent.connectionId) ?? new Map<string, Lifetime & Pick<Agent, "session">>();
    for (const channel of channels) mine.set(channel, agent);
    this.#subscriptions.set(agent.connectionId, mine);
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
    const outdated = channels.filter((channel) => this.endOf(connectionId, channel) !== endOf(agent));
    return {
      present: true,
      channels,
      outdated,
      ...(agent.expiresAt === undefined ? {} : { expiresAt: agent.expiresAt }),
      ...(agent.info === undefined ? {} : { info: agent.info }),
    };
  }

  /** When a subscription's row says that it ends, in epoch seconds; `undefined` where there is none. */
  endOf(connectionId: string, channel: string): number | undefined {
    const lifetime = this.#subscriptions.get(connectionId)?.get(channel);
    return lifetime && endOf(lifetime);
  }

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

  /** Everything that is known of a connection: nothing, once it is removed. */
  traces(connectionId: string): string[] {
    return [
      ...(this.records.has(connectionId) ? ["standing"] : []),
      ...(this.#subscriptions.get(connectionId)?.keys() ?? []),
      ...[...this.registrations].filter((deadline) => deadline.endsWith(`#${connectionId}`)),
    ];
  }
}

/** What posting to one connection gives: one result per attempt (the last for all further ones), or a function. */
export type PostScript = PostResult[] | (() => Promise<PostResult>);

/** API Gateway's connections, as scripted; whoever has no script gets everything. */
export class TestConnections implements Connections {
  readonly posts: { connectionId: string; frame: string; at: number }[] = [];
  readonly closed: string[] = [];
  readonly scripts = new Map<string, PostScript>();
  /** Connections that API Gateway does not close. */
  readonly unclosable = new Set<string>();
  inFlight = 0;
  mostInFlight = 0;
  readonly #clock: Pick<Clock, "now">;
  readonly #calls: string[] | undefined;

  constructor(clock: Pick<Clock, "now">, calls?: string[]) {
    this.#clock = clock;
    this.#calls = calls;
  }

  async post(connectionId: string, { text: frame }: Frame): Promise<PostResult> {
    const attempt = this.to(connectionId).length;
    this.posts.push({ connectionId, frame, at: this.#clock.now() });
    this.mostInFlight = Math.max(this.mostInFlight, (this.inFlight += 1));
    const script = this.scripts.get(connectionId) ?? ["sent"];
    try {
      return typeof script === "function" ? await script() : (script[Math.min(attempt, script.length - 1)] ?? "sent");
    } finally {
      this.inFlight -= 1;
    }
  }

  async close(connectionId: string): Promise<boolean> {
    this.#calls?.push(`close ${connectionId}`);
    if (this.unclosable.has(connectionId)) return false;
    this.closed.push(connectionId);
    return Promise.resolve(true);
  }

  /** The frames that were posted to a connection, attempts that failed included. */
  to(connectionId: string): string[] {
    return this.posts.filter((post) => post.connectionId === connectionId).map(({ frame }) => frame);
  }

  /** The messages and answers in those frames. */
  received(connectionId: string): unknown[] {
    return this.to(connectionId).flatMap((frame) => JSON.parse(frame) as unknown);
  }
}

/** A queue of segments that remembers, and refuses what it is told to. */
export class TestSegments implements SegmentQueuePort {
  readonly sent: { segment: Segment; delaySeconds: number }[] = [];
  refuses: (segment: Segment) => boolean = () => false;

  async send(segments: readonly Segment[], delaySeconds = 0): Promise<Segment[]> {
    const refused = segments.filter(this.refuses);
    // As it would come out again: what cannot be written and read is not kept.
    for (const segment of segments) {
      if (!refused.includes(segment)) this.sent.push({ segment: decodeSegment(encodeSegment(segment)), delaySeconds });
    }
    return Promise.resolve(refused);
  }

  /** Who is in the segments, by connection id. */
  get ids(): string[] {
    return this.sent.flatMap(({ segment: { recipients } }) =>
      "after" in recipients ? [] : recipients.map(({ connectionId }) => connectionId),
    );
  }
}
