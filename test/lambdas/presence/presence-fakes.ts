import type { Json } from "../../../protocol/index.js";
import type { LiveConnection, Liveness } from "../../../lambdas/presence/liveness.js";
import {
  type Announcement,
  connectionPlace,
  memberPlace,
  type Members,
  type MembersPage,
  type PresenceEntry,
  type PresenceIdentity,
  type StateAnnouncement,
} from "../../../lambdas/presence/members.js";
import { NOW } from "../support/fakes.js";

export { MemoryOccupancy } from "./memory-occupancy.js";

/** The entries of members, in memory, with hooks to interleave or to fail. */
export class MemoryMembers implements Members {
  readonly rows = new Map<string, PresenceEntry>();
  /** Runs before a method does its work. */
  before: (step: keyof Members) => unknown = () => undefined;

  /** The entry of a connection; the newer one if there is one of version 0.2.0 as well. */
  at(channel: string, connectionId: string): PresenceEntry | undefined {
    const own = this.#of(channel).filter((each) => each.connectionId === connectionId);
    return own.find(({ until }) => until === undefined) ?? own[0];
  }

  /** Stores an entry as version 0.2.0 did. */
  putOld(channel: string, { connectionId, uuid, userId, info }: PresenceIdentity, more: Partial<PresenceEntry>): void {
    const entry = {
      place: connectionPlace(connectionId),
      connectionId,
      agent: uuid,
      since: NOW,
      changedAt: NOW,
      until: NOW + 120_000,
      ...(userId === undefined ? {} : { userId }),
      ...(info === undefined ? {} : { info }),
      ...more,
    };
    this.#put(channel, entry);
  }

  #put(channel: string, entry: PresenceEntry): void {
    this.rows.set(`${channel} ${entry.place}`, entry);
  }

  async #change(
    step: keyof Members,
    channel: string,
    place: string,
    change: (row: PresenceEntry) => PresenceEntry | false | undefined,
  ): Promise<boolean> {
    await this.before(step);
    const row = this.rows.get(`${channel} ${place}`);
    const changed = row && change(row);
    if (changed) this.#put(channel, changed);
    return Boolean(changed);
  }

  async join(agent: PresenceIdentity, channel: string, now: number): Promise<void> {
    await this.before("join");
    const { uuid, connectionId, userId, info } = agent;
    const place = placeOf(memberPlace(agent), connectionId);
    const { leftAt: _left, info: _info, ...row }: Partial<PresenceEntry> = this.rows.get(`${channel} ${place}`) ?? {};
    this.#put(channel, {
      since: now,
      ...row,
      place,
      connectionId,
      agent: uuid,
      changedAt: now,
      ...(userId === undefined ? {} : { userId }),
      ...(info === undefined ? {} : { info }),
    });
  }

  async describe(agent: PresenceIdentity, channel: string, now: number): Promise<void> {
    const place = placeOf(memberPlace(agent), agent.connectionId);
    await this.#change(
      "describe",
      channel,
      place,
      (row) => row.leftAt === undefined && { ...row, info: agent.info ?? null, changedAt: now },
    );
  }

  setState(agent: PresenceIdentity, channel: string, state: Json, now: number): Promise<boolean> {
    const place = placeOf(memberPlace(agent), agent.connectionId);
    return this.#change("setState", channel, place, ({ state: _state, ...row }) =>
      row.leftAt !== undefined ? false : { ...row, ...(state !== null && { state }), stateAt: now },
    );
  }

  async announceState(channel: string, { place }: PresenceEntry, stateAnnounced: StateAnnouncement): Promise<void> {
    await this.#change("announceState", channel, place, (row) => ({ ...row, stateAnnounced }));
  }

  async leave(
    connectionId: string,
    member: string | undefined,
    channel: string,
    now: number,
    joinedBefore = Infinity,
  ): Promise<boolean> {
    const places = [...(member === undefined ? [] : [placeOf(member, connectionId)]), connectionPlace(connectionId)];
    for (const place of places) {
      const left = await this.#change(
        "leave",
        channel,
        place,
        ({ state: _state, stateAt: _stateAt, ...row }) =>
          row.leftAt === undefined && row.changedAt <= joinedBefore && { ...row, leftAt: now },
      );
      if (left) return true;
    }
    return false;
  }

  async ofMember(channel: string, member: string): Promise<PresenceEntry[]> {
    await this.before("ofMember");
    return this.#of(channel).filter(({ place }) => place.startsWith(`${member}#`));
  }

  async ofConnection(agent: PresenceIdentity, channels: readonly string[]): Promise<Map<string, PresenceEntry>> {
    await this.before("ofConnection");
    return this.#at(channels, placeOf(memberPlace(agent), agent.connectionId));
  }

  async oldOfConnection(connectionId: string, channels: readonly string[]): Promise<Map<string, PresenceEntry>> {
    await this.before("oldOfConnection");
    return this.#at(channels, connectionPlace(connectionId));
  }

  #at(channels: readonly string[], place: string): Map<string, PresenceEntry> {
    return new Map(
      channels.flatMap((channel) => {
        const row = this.rows.get(`${channel} ${place}`);
        return row ? [[channel, row]] : [];
      }),
    );
  }

  async move(agent: PresenceIdentity, channel: string, old: PresenceEntry, now: number): Promise<void> {
    await this.before("move");
    await this.join(agent, channel, now);
    const row = this.at(channel, agent.connectionId);
    if (row && old.announced) this.#put(channel, { announced: old.announced, ...row });
    this.#put(channel, { ...old, moved: true });
  }

  expire(channel: string, { place, until }: PresenceEntry, now: number): Promise<boolean> {
    return this.#change(
      "expire",
      channel,
      place,
      (row) => row.leftAt === undefined && row.until === until && { ...row, leftAt: now },
    );
  }

  async announce(channel: string, { place }: PresenceEntry, announced: Announcement): Promise<void> {
    await this.#change("announce", channel, place, (row) => ({ ...row, announced }));
  }

  beginLeaving(channel: string, entry: PresenceEntry, leaving: PresenceEntry["leaving"]): Promise<boolean> {
    return this.#change("beginLeaving", channel, entry.place, ({ announced: _announced, ...row }) => {
      const as = leaving ?? { as: row.agent, at: row.leftAt ?? 0 };
      return row.leftAt === entry.leftAt && { ...row, leaving: as };
    });
  }

  async endLeaving(channel: string, { place }: PresenceEntry): Promise<void> {
    await this.#change("endLeaving", channel, place, ({ leaving: _leaving, ...row }) => row);
  }

  async remove(channel: string, { place, leftAt, moved }: PresenceEntry): Promise<void> {
    await this.before("remove");
    if (moved || this.rows.get(`${channel} ${place}`)?.leftAt === leftAt) this.rows.delete(`${channel} ${place}`);
  }

  async all(channel: string): Promise<PresenceEntry[]> {
    await this.before("all");
    return this.#of(channel);
  }

  async page(channel: string, after = "", limit: number): Promise<MembersPage> {
    await this.before("page");
    const behind = this.#of(channel).filter(({ place }) => place > after);
    // As in DynamoDB: a full page does not show whether more rows follow.
    return { entries: behind.slice(0, limit), more: behind.length >= limit };
  }

  #of(channel: string): PresenceEntry[] {
    return [...this.rows]
      .filter(([key]) => key.startsWith(`${channel} `))
      .map(([, row]) => row)
      .sort((one, other) => (one.place < other.place ? -1 : 1));
  }
}

const placeOf = (member: string, connectionId: string): string => `${member}#${connectionPlace(connectionId)}`;

/** The liveness rows of connections, in memory, with a hook to interleave or to fail. */
export class MemoryLiveness implements Liveness {
  readonly rows = new Map<string, LiveConnection & { member: string }>();
  /** Runs before a method does its work. */
  before: (step: keyof Liveness) => unknown = () => undefined;

  async begin(agent: PresenceIdentity, now: number): Promise<void> {
    await this.before("begin");
    const { connectionId } = agent;
    this.rows.set(connectionId, { connectionId, heartbeatAt: now, member: memberPlace(agent) });
  }

  async renew(connectionId: string, now: number): Promise<boolean> {
    await this.before("renew");
    const row = this.rows.get(connectionId);
    if (!row || row.silentSince !== undefined) return false;
    this.rows.set(connectionId, { ...row, heartbeatAt: now });
    return true;
  }

  async memberPlace(connectionId: string): Promise<string | undefined> {
    return this.rows.get(connectionId)?.member;
  }

  async end(connectionId: string): Promise<void> {
    await this.before("end");
    this.rows.delete(connectionId);
  }

  async markSilent({ connectionId, heartbeatAt }: LiveConnection, now: number): Promise<boolean> {
    await this.before("markSilent");
    const row = this.rows.get(connectionId);
    if (!row || row.heartbeatAt !== heartbeatAt) return false;
    this.rows.set(connectionId, { ...row, silentSince: now });
    return true;
  }

  async endSilent(connectionId: string): Promise<void> {
    await this.before("endSilent");
    if (this.rows.get(connectionId)?.silentSince !== undefined) this.rows.delete(connectionId);
  }

  async *ofShard(shard: number): AsyncIterable<LiveConnection[]> {
    // One page, in the first shard.
    if (shard === 0) yield [...this.rows.values()];
  }
}
