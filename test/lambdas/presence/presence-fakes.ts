import { memberPlace } from "../../../lambdas/presence/members.js";
import type { PresenceEntry, PresenceIdentity, Members, MembersPage } from "../../../lambdas/presence/members.js";
import type { Occupancy, OccupiedChannel } from "../../../lambdas/presence/occupancy.js";

/** Who is present where, in memory; with a place to interleave or die. */
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
      told: false,
      ...(userId === undefined ? {} : { userId }),
      ...(info === undefined ? {} : { info }),
    };
    const same =
      row && row.goneAt === undefined && row.until > since && JSON.stringify(row.info) === JSON.stringify(info);
    this.rows.set(`${channel} ${connectionId}`, same ? { ...row, until } : fresh);
  }

  async describe({ connectionId, info }: PresenceIdentity, channel: string, now: number): Promise<void> {
    await this.#change(
      "describe",
      channel,
      connectionId,
      (row) => row.goneAt === undefined && { ...row, info: info ?? null, since: now, told: false },
    );
  }

  async untilOf(connectionId: string, channels: readonly string[]): Promise<Map<string, number>> {
    await this.before("untilOf");
    const rows = channels.map((channel) => [channel, this.at(channel, connectionId)] as const);
    return new Map(rows.flatMap(([channel, row]) => (row && row.goneAt === undefined ? [[channel, row.until]] : [])));
  }

  renew(connectionId: string, channel: string, now: number, until: number): Promise<boolean> {
    return this.#change(
      "renew",
      channel,
      connectionId,
      (row) => row.goneAt === undefined && row.until > now && { ...row, until },
    );
  }

  leave(connectionId: string, channel: string, now: number): Promise<boolean> {
    return this.#change("leave", channel, connectionId, (row) => row.goneAt === undefined && { ...row, goneAt: now });
  }

  end(channel: string, { connectionId, since, until }: PresenceEntry, now: number): Promise<boolean> {
    return this.#change(
      "end",
      channel,
      connectionId,
      (row) => row.goneAt === undefined && row.since === since && row.until === until && { ...row, goneAt: now },
    );
  }

  async told(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await this.#change(
      "told",
      channel,
      connectionId,
      (row) => row.goneAt === undefined && row.since === since && { ...row, told: true },
    );
  }

  async forget(channel: string, { connectionId, since }: PresenceEntry): Promise<void> {
    await this.before("forget");
    const row = this.at(channel, connectionId);
    if (row?.goneAt !== undefined && row.since === since) this.rows.delete(`${channel} ${connectionId}`);
  }

  async all(channel: string): Promise<PresenceEntry[]> {
    await this.before("all");
    return this.#of(channel);
  }

  async page(channel: string, after = "", limit: number): Promise<MembersPage> {
    await this.before("page");
    const behind = this.#of(channel).filter(({ connectionId }) => memberPlace(connectionId) > after);
    const sorted = behind.sort((a, b) => (memberPlace(a.connectionId) < memberPlace(b.connectionId) ? -1 : 1));
    // As DynamoDB: whether there are others is not known before they are read.
    return { attendants: sorted.slice(0, limit), more: sorted.length >= limit };
  }

  #of(channel: string): PresenceEntry[] {
    return [...this.rows].filter(([key]) => key.startsWith(`${channel} `)).map(([, row]) => row);
  }
}

/** Which channels are looked after, in memory; with a place to interleave or die. */
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
      this.rows.get(channel) ?? { channel, occupied: false, since: now, awaitedUntil: 0, old: false },
    );
    if (changed) this.rows.set(channel, changed);
    return Boolean(changed);
  }

  async read(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("read");
    return this.rows.get(channel);
  }

  async watch(channel: string, now: number): Promise<void> {
    await this.#put("watch", channel, now, (row) => ({ ...row, since: now, old: false }));
  }

  elect(channel: string, now: number, awaitedUntil: number): Promise<boolean> {
    return this.#put("elect", channel, now, (row) => row.awaitedUntil <= now && { ...row, awaitedUntil });
  }

  async begin(channel: string): Promise<OccupiedChannel | undefined> {
    await this.before("begin");
    const row = this.rows.get(channel);
    if (row) this.rows.set(channel, { ...row, awaitedUntil: 0 });
    return row;
  }

  occupy(channel: string, now: number): Promise<boolean> {
    return this.#put("occupy", channel, now, (row) => !row.occupied && { ...row, occupied: true, since: now });
  }

  vacate(channel: string, now: number): Promise<boolean> {
    return this.#put("vacate", channel, now, (row) => row.occupied && { ...row, occupied: false, since: now });
  }

  async note(channel: string, count: number): Promise<void> {
    await this.#put("note", channel, 0, (row) => ({ ...row, count }));
  }

  async forget({ channel, since }: OccupiedChannel): Promise<void> {
    await this.before("forget");
    const row = this.rows.get(channel);
    if (row && !row.occupied && row.since === since) this.rows.delete(channel);
  }

  async *all(): AsyncIterable<OccupiedChannel> {
    await this.before("all");
    yield* [...this.rows.values()];
  }
}
