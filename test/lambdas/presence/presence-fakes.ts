import { memberPlace } from "../../../lambdas/presence/members.js";
import type { PresenceEntry, PresenceIdentity, Members, MembersPage } from "../../../lambdas/presence/members.js";
import type { Occupancy, OccupiedChannel } from "../../../lambdas/presence/occupancy.js";

/** The members of channels, in memory, with hooks to interleave or to fail. */
export class MemoryMembers implements Members {
  readonly rows = new Map<string, PresenceEntry>();
  /** Runs before a method does its work. */
  before: (step: keyof Members) => unknown = () => undefined;

  at(channel: string, connectionId: string): PresenceEntry | undefined {
    return this.rows.get(`${channel} ${connectionId}`);
  }

  async #change(
    step: keyof Members,
    channel: string,
    connectionId: string,
    change: (row: PresenceEntry) => PresenceEntry | false | undefined,
  ) {
    await this.before(step);
    const row = this.at(channel, connectionId);
    const changed = row && change(row);
    if (changed) this.rows.set(`${channel} ${connectionId}`, changed);
    return Boolean(changed);
  }

  async join(
    { uuid: agent, connectionId, userId, info }: PresenceIdentity,
    channel: string,
    since: number,
    until: number,
  ): Promise<void> {
    await this.before("join");
    const row = this.at(channel, connectionId);
    const fresh = {
      connectionId,
      agent,
      since,
      until,
      announced: false,
      ...(userId === undefined ? {} : { userId }),
      ...(info === undefined ? {} : { info }),
    };
    const same =
      row && row.leftAt === undefined && row.until > since && JSON.stringify(row.info) === JSON.stringify(info);
    this.rows.set(`${channel} ${connectionId}`, same ? { ...row, until } : fresh);
  }

  async describe({ connectionId, info }: PresenceIdentity, channel: string, now: number): Promise<void> {
    await this.#change(
      "describe",
      channel,
      connectionId,
      (row) => row.leftAt === undefined && { ...row, info: info ?? null, since: now, announced: false },
    );
  }

  async leaseExpiries(connectionId: string, channels: readonly string[]): Promise<Map<string, number>> {
    await this.before("leaseExpiries");
    const rows = channels.map((channel) => [channel, this.at(channel, connectionId)] as const);
    return new Map(rows.flatMap(([channel, row]) => (row && row.leftAt === undefined ? [[channel, row.until]] : [])));
  }

  renew(connectionId: string, channel: string, now: number, until: number): Promise<boolean> {
    return this.#change(
      "renew",
      channel,
      connectionId,
      (row) => row.leftAt === undefined && row.until > now && { ...row, until },
    );
  }

  leave(connectionId: string, channel: string, now: number): Promise<boolean> {
    return this.#change("leave", channel, connectionId, (row) => row.leftAt === undefined && { ...row, leftAt: now });
  }

  expire(channel: string, { connectionId, since, until }: PresenceEntry, now: number): Promise<boolean> {
    return this.#change(
      "expire",
      channel,
      connectionId,
      (row) => row.leftAt === undefined && row.since === since && row.until === until && { ...row, leftAt: now },
    );
  }

  async markAnnounced(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await this.#change(
      "markAnnounced",
      channel,
      connectionId,
      (row) => row.leftAt === undefined && row.since === since && { ...row, announced: true },
    );
  }

  async remove(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await this.before("remove");
    const row = this.at(channel, connectionId);
    if (row?.leftAt !== undefined && row.since === since) this.rows.delete(`${channel} ${connectionId}`);
  }

  async all(channel: string): Promise<PresenceEntry[]> {
    await this.before("all");
    return this.#of(channel);
  }

  async page(channel: string, after = "", limit: number): Promise<MembersPage> {
    await this.before("page");
    const behind = this.#of(channel).filter(({ connectionId }) => memberPlace(connectionId) > after);
    const sorted = behind.sort((a, b) => (memberPlace(a.connectionId) < memberPlace(b.connectionId) ? -1 : 1));
    // As in DynamoDB: a full page does not show whether more rows follow.
    return { entries: sorted.slice(0, limit), more: sorted.length >= limit };
  }

  #of(channel: string): PresenceEntry[] {
    return [...this.rows].filter(([key]) => key.startsWith(`${channel} `)).map(([, row]) => row);
  }
}

/** The occupied channels, in memory, with hooks to interleave or to fail. */
export class MemoryOccupancy implements Occupancy {
  readonly rows = new Map<string, OccupiedChannel>();
  /** Runs before a method does its work. */
  before: (step: keyof Occupancy) => unknown = () => undefined;

  async #put(
    step: keyof Occupancy,
    channel: string,
    now: number,
    change: (row: OccupiedChannel) => OccupiedChannel | false,
  ): Promise<boolean> {
    await this.before(step);
    const changed = change(
      this.rows.get(channel) ?? { channel, occupied: false, since: now, runExpectedUntil: 0, isStale: false },
    );
    if (changed) this.rows.set(channel, changed);
    return Boolean(changed);
  }

  async read(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("read");
    return this.rows.get(channel);
  }

  async ensure(channel: string, now: number): Promise<void> {
    await this.#put("ensure", channel, now, (row) => ({ ...row, since: now, isStale: false }));
  }

  scheduleRun(channel: string, now: number, runExpectedUntil: number): Promise<boolean> {
    return this.#put(
      "scheduleRun",
      channel,
      now,
      (row) => row.runExpectedUntil <= now && { ...row, runExpectedUntil: runExpectedUntil },
    );
  }

  async startRun(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("startRun");
    const row = this.rows.get(channel);
    if (row) this.rows.set(channel, { ...row, runExpectedUntil: 0 });
    return row;
  }

  occupy(channel: string, now: number): Promise<boolean> {
    return this.#put("occupy", channel, now, (row) => !row.occupied && { ...row, occupied: true, since: now });
  }

  vacate(channel: string, now: number): Promise<boolean> {
    return this.#put("vacate", channel, now, (row) => row.occupied && { ...row, occupied: false, since: now });
  }

  async setCount(channel: string, count: number): Promise<void> {
    await this.#put("setCount", channel, 0, (row) => ({ ...row, count }));
  }

  async remove({ channel, since }: OccupiedChannel): Promise<void> {
    await this.before("remove");
    const row = this.rows.get(channel);
    if (row && !row.occupied && row.since === since) this.rows.delete(channel);
  }

  async *all(): AsyncIterable<OccupiedChannel> {
    await this.before("all");
    yield* [...this.rows.values()];
  }
}
