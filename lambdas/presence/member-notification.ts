import { type Json, type Member, type Message, Meta, type PresenceEventData } from "../../protocol/index.js";
import type { Publication } from "../delivery/recipients.js";
import type { Dependencies } from "../dependencies.js";
import type { Limited } from "../util/limiter.js";
import { shortHash } from "../util/short-hash.js";
import { announcedAs, type GroupState, identityOf, isMember, type MemberGroup, memberOf } from "./member-groups.js";
import type { Announcement, PresenceEntry, StateAnnouncement } from "./members.js";
import { dueState, lastKnownState, stateOf } from "./member-state.js";

/** One event of a member. */
interface MemberEvent {
  kind: "joined" | "left" | "changed";
  member: Member;
  at: number;
}

/** The work of a run on one member. */
export interface MemberNotification {
  /** Whether it counts as a member. */
  isMember: boolean;
  /** When its leave is due, in epoch milliseconds, if it may come back until then. */
  dueAt?: number;
  events: MemberEvent[];
  /** The announcement that the subscribers know after the events, if it is present. */
  announcement?: Announcement;
  /** The entries that have to have this announcement from now on. */
  announce: PresenceEntry[];
  /** The state that the subscribers know after the events, and the entry that has to have it, if that has another one. */
  state?: { entry: PresenceEntry; announcement: StateAnnouncement };
  /** Entries that have left and are not needed any more. */
  remove: PresenceEntry[];
  /** Entries that are present, whose earlier leave is announced with this. */
  endLeaving: PresenceEntry[];
}

type NotificationDependencies = Pick<Dependencies, "members">;

/** Decides what to notify about one member. If it has left, that is recorded first, so that a join after it is another. */
export const planNotification = async (
  system: NotificationDependencies,
  limited: Limited,
  channel: string,
  group: MemberGroup,
  state: GroupState,
  hasStates = false,
): Promise<MemberNotification> => {
  if (state.present.length > 0) return planPresent(group, state, hasStates);
  const nothing = { isMember: isMember(state), events: [], announce: [], remove: [], endLeaving: [] };
  if (state.dueAt !== undefined) return { ...nothing, dueAt: state.dueAt };
  const left = group.entries.filter(({ moved }) => !moved);
  if (left.length === 0) return { ...nothing, remove: state.gone };
  const leaving = await beginLeaving(system, limited, channel, { ...group, entries: left }, state);
  return {
    ...nothing,
    events: leaving.map(({ as, at }) => ({ kind: "left", member: identityOf(group, state, as), at })),
    remove: state.gone,
  };
};

/**
 * Records that a member is leaving, on one entry for each id under which it was announced.
 * @returns the leaves to announce; none if a connection has come back
 */
const beginLeaving = async (
  { members }: NotificationDependencies,
  limited: Limited,
  channel: string,
  { entries }: MemberGroup,
  { announced }: GroupState,
): Promise<Pick<Announcement, "as" | "at">[]> => {
  const begun = entries.flatMap(({ leaving }) => leaving ?? []);
  const known = announced.length > 0 || begun.length > 0;
  const leftAt = Math.max(...entries.map((each) => each.leftAt ?? 0));
  const holderOf = ({ as }: Pick<Announcement, "as">): PresenceEntry | undefined =>
    entries.find((each) => each.announced?.as === as);
  // A member that was never announced may have been: the function may have died before it recorded that.
  const unknown = known ? [] : [{ entry: entries[0], leaving: { as: entries[0]?.agent ?? "", at: leftAt } }];
  const all = [
    ...announced.map((one) => ({ entry: holderOf(one), leaving: { as: one.as, at: Math.max(leftAt, one.at + 1) } })),
    ...unknown,
  ];
  const recorded = await Promise.all(
    all.map(async ({ entry, leaving }) =>
      entry && (await limited(() => members.beginLeaving(channel, entry, leaving))) ? [leaving] : [],
    ),
  );
  return [...begun, ...recorded.flat()];
};

/** Decides about a member that is present: it is announced if that is new, or if its info is. */
const planPresent = (group: MemberGroup, state: GroupState, hasStates: boolean): MemberNotification => {
  const { present, gone, announced, digest } = state;
  const [first, ...others] = announced;
  const as = announcedAs(group, state);
  const [oldest] = present;
  const begun = group.entries.flatMap(({ leaving }) => leaving ?? []);
  const leftAt = begun.filter((each) => each.as === as).map(({ at }) => at);
  const isNew = first?.digest !== digest;
  const changedAt = first ? Math.max(...present.map((each) => each.changedAt)) : (oldest?.since ?? 0);
  // Clients keep the later event of an agent, even if the clocks of two functions differ.
  const at = isNew ? Math.max(changedAt, ...leftAt.map((each) => each + 1), (first?.at ?? -1) + 1) : first.at;
  const holder = present.find((each) => each.announced?.as === as) ?? oldest;
  const isRecorded = !isNew && holder?.announced?.as === as && holder.announced.at === at;
  const member = memberOf(group, state, as);
  const changed = oldest && hasStates ? dueState(present, group.entries, { at, isNew }) : undefined;
  const known = changed ?? lastKnownState(present, gone);
  const left = (id: string, leftSince: number): MemberEvent => ({
    kind: "left",
    member: identityOf(group, state, id),
    at: leftSince,
  });
  return {
    isMember: true,
    events: [
      ...begun.map((each) => left(each.as, each.at)),
      ...others.map((each) => left(each.as, each.at + 1)),
      ...(isNew ? [{ kind: "joined" as const, member, at }] : []),
      ...(changed ? [{ kind: "changed" as const, member: { ...member, ...stateOf(present) }, at: changed.at }] : []),
    ],
    ...(oldest && known && { state: { entry: oldest, announcement: known } }),
    announcement: { as, at, digest },
    announce: present.filter(
      (each) => (each === holder && !isRecorded) || others.some((other) => other.as === each.announced?.as),
    ),
    remove: gone,
    endLeaving: present.filter(({ leaving }) => leaving !== undefined),
  };
};

/** Records what the subscribers know now. Entries that have left go last: one may have the only announcement. */
export const recordNotification = async (
  { members }: NotificationDependencies,
  limited: Limited,
  channel: string,
  { announcement, announce, state, remove, endLeaving }: MemberNotification,
): Promise<void> => {
  if (state) await limited(() => members.announceState(channel, state.entry, state.announcement));
  if (announcement)
    await Promise.all(announce.map((each) => limited(() => members.announce(channel, each, announcement))));
  await Promise.all([
    ...endLeaving.map((each) => limited(() => members.endLeaving(channel, each))),
    ...remove.map((each) => limited(() => members.remove(channel, each))),
  ]);
};

/** An event as a message to the channel's subscribers. */
export const publicationOf = (channel: string, { kind, member, at }: MemberEvent): Publication => {
  const data: PresenceEventData = { channel, [kind]: member, at };
  // A repeated notification has the same uuid. A uuid has at most 64 characters, and a channel may have more.
  const uuid = shortHash(JSON.stringify([channel, member.agent, kind === "changed" ? kind : kind === "left", at]));
  const message: Message = { channel: Meta.presence, uuid, data: data as unknown as Json };
  return { message, to: channel };
};
