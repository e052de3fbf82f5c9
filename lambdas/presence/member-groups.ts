import type { Member } from "../../protocol/index.js";
import { type Announcement, infoDigest, isPresent, memberOfPlace, type PresenceEntry } from "./members.js";

/** The entries of one member, in the order in which its connections joined. */
export interface MemberGroup {
  /** The member's place. */
  place: string;
  entries: readonly PresenceEntry[];
}

const byAge = (one: PresenceEntry, other: PresenceEntry): number =>
  one.since - other.since || (one.place < other.place ? -1 : 1);

/**
 * Entries by member, in the order of their places. An entry of version 0.2.0 counts as replaced if its connection has
 * another one: the function that moved it died in between.
 */
export const groupEntries = (entries: readonly PresenceEntry[]): MemberGroup[] => {
  const connections = new Set(
    entries.flatMap(({ until, connectionId }) => (until === undefined ? [connectionId] : [])),
  );
  const groups = new Map<string, PresenceEntry[]>();
  for (const each of entries) {
    const isMoved = each.until !== undefined && connections.has(each.connectionId);
    const place = memberOfPlace(each.place);
    groups.set(place, [...(groups.get(place) ?? []), isMoved ? { ...each, moved: true } : each]);
  }
  return [...groups].map(([place, own]) => ({ place, entries: own.sort(byAge) }));
};

/** The entry that changed last: it decides the member's info. */
const newest = (entries: readonly PresenceEntry[]): PresenceEntry | undefined =>
  [...entries].sort((one, other) => other.changedAt - one.changedAt || byAge(other, one))[0];

/** The state of a member at one moment, which follows from its entries. */
export interface GroupState {
  /** Its connections that are present. */
  present: PresenceEntry[];
  /** Its connections that have left. */
  gone: PresenceEntry[];
  /** The last of its connections left so recently that it may come back: when its leave is due, in epoch milliseconds. */
  dueAt?: number;
  /** Its announcements that the channel's subscribers know; several if functions made them at the same time. */
  announced: Announcement[];
  /** Digest of its info. */
  digest: string;
}

/** Whether a member counts as present: a connection is, or may come back. */
export const isMember = ({ present, dueAt }: GroupState): boolean => present.length > 0 || dueAt !== undefined;

/** The state of a member. */
export const groupState = ({ entries }: MemberGroup, now: number, graceMs: number): GroupState => {
  const own = entries.filter(({ moved }) => !moved);
  const present = own.filter((each) => isPresent(each, now));
  const gone = entries.filter((each) => each.moved ?? !isPresent(each, now));
  // A leave that was begun is not undone: an earlier announcement is over, even if a connection is back.
  const ended = new Map(own.flatMap(({ leaving }) => (leaving ? [[leaving.as, leaving.at] as const] : [])));
  const announced = new Map<string, Announcement>();
  for (const one of own.flatMap((each) => each.announced ?? [])) {
    const isOver = one.at < (ended.get(one.as) ?? -Infinity);
    if (!isOver && one.at >= (announced.get(one.as)?.at ?? -Infinity)) announced.set(one.as, one);
  }
  const leftAt = Math.max(...own.map((each) => each.leftAt ?? -Infinity));
  const mayComeBack =
    present.length === 0 && now < leftAt + graceMs && own.every(({ leaving }) => leaving === undefined);
  return {
    present,
    gone,
    ...(mayComeBack && { dueAt: leftAt + graceMs }),
    announced: [...announced.values()].sort((one, other) => one.at - other.at || (one.as < other.as ? -1 : 1)),
    digest: infoDigest(newest(present.length > 0 ? present : own)?.info),
  };
};

/**
 * The public fields of a member.
 * @param as the agent id under which it is announced
 */
export const identityOf = ({ entries }: MemberGroup, { present }: GroupState, as: string): Member => {
  const { userId, info } = newest(present.length > 0 ? present : entries) ?? {};
  return {
    agent: as,
    ...(userId === undefined ? {} : { userId }),
    ...(info === undefined ? {} : { info }),
  };
};

/** A member, as others see it: its public fields and its connections. */
export const memberOf = (group: MemberGroup, state: GroupState, as: string): Member => ({
  ...identityOf(group, state, as),
  connections: state.present.map(({ agent }) => agent),
});

/** The agent id under which a member is announced, or will be: that of its oldest connection. */
export const announcedAs = ({ entries }: MemberGroup, { present, announced: [first] }: GroupState): string =>
  first?.as ?? (present[0] ?? entries[0])?.agent ?? "";
