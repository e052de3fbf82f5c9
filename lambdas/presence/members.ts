import type { Json } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";
import { shortHash } from "../util/short-hash.js";

/** The public info of a present agent, and the fields that decide whose connection it is and when its rows end. */
export type PresenceIdentity = Pick<
  Agent,
  "connectionId" | "connectedAt" | "expiresAt" | "uuid" | "userId" | "session" | "info"
>;

/** A notification that a member joined. */
export interface Announcement {
  /** The agent id under which the member was announced. */
  as: string;
  /** The `at` of the event, in epoch milliseconds. */
  at: number;
  /** A digest of the announced info. */
  digest: string;
}

/** A notification of a member's state. */
export interface StateAnnouncement {
  /** The `at` of the event, in epoch milliseconds. */
  at: number;
  /** A digest of the announced state; empty: none. */
  digest: string;
}

/** One connection of a member of a channel, as it is stored. */
export interface PresenceEntry {
  /** Its sort key among the channel's entries: the member's place, and behind it the connection's. */
  place: string;
  connectionId: string;
  /** The id of its agent. */
  agent: string;
  userId?: string;
  info?: Json;
  /** When it joined, in epoch milliseconds. It stays the same if the connection leaves and joins within the grace. */
  since: number;
  /** When it last joined or changed its info, in epoch milliseconds. */
  changedAt: number;
  /** The state that the connection set last. It is deleted when the connection leaves. */
  state?: Json;
  /** When the connection last set or removed its state, in epoch milliseconds. */
  stateAt?: number;
  /** The state of its member that the channel's subscribers know. At least one entry has it, if there was one. */
  stateAnnounced?: StateAnnouncement;
  /** When it left, in epoch milliseconds, until its entry is deleted. */
  leftAt?: number;
  /** The announcement that the channel's subscribers know. At least one entry of an announced member has it. */
  announced?: Announcement;
  /** A notification that a member left, which has not been sent for certain. */
  leaving?: Pick<Announcement, "as" | "at">;
  /** Of an entry of version 0.2.0: when its lease ends, in epoch milliseconds. */
  until?: number;
  /** Of an entry of version 0.2.0: another entry has replaced it. */
  moved?: true;
}

/**
 * The entries of channels' members: one for each connection, in the order of members. A connection that leaves keeps its
 * entry until the member's other connections, or the channel's subscribers, do not need it any more.
 */
export interface Members {
  /** Records that a connection is present. If it has left and its entry is still there, it has not left. */
  join(agent: PresenceIdentity, channel: string, now: number): Promise<void>;
  /** Records changed public info of a present connection. */
  describe(agent: PresenceIdentity, channel: string, now: number): Promise<void>;
  /**
   * Sets the state of a present connection.
   * @param state `null`: removes it
   * @returns whether it was present
   */
  setState(agent: PresenceIdentity, channel: string, state: Json, now: number): Promise<boolean>;
  /** Records the state of an entry's member that the channel's subscribers know. */
  announceState(channel: string, entry: PresenceEntry, announcement: StateAnnouncement): Promise<void>;
  /**
   * Records that a connection has left.
   * @param member its member's place; left out: it is not known to be present
   * @param joinedBefore it stays present if it joined after this, in epoch milliseconds
   * @returns whether it was present
   */
  leave(
    connectionId: string,
    member: string | undefined,
    channel: string,
    now: number,
    joinedBefore?: number,
  ): Promise<boolean>;
  /** The entries of one member. Strongly consistent. */
  ofMember(channel: string, member: string): Promise<PresenceEntry[]>;
  /** The entries of one connection on these channels. A join within the last second may be missing. */
  ofConnection(agent: PresenceIdentity, channels: readonly string[]): Promise<Map<string, PresenceEntry>>;
  /** Its entries of version 0.2.0 on these channels. */
  oldOfConnection(connectionId: string, channels: readonly string[]): Promise<Map<string, PresenceEntry>>;
  /** Replaces an entry of version 0.2.0. */
  move(agent: PresenceIdentity, channel: string, old: PresenceEntry, now: number): Promise<void>;
  /**
   * Records that an entry of version 0.2.0 with an expired lease has left.
   * @returns whether it has; false if it was renewed meanwhile
   */
  expire(channel: string, entry: PresenceEntry, now: number): Promise<boolean>;
  /** Records what the channel's subscribers know of an entry's member. */
  announce(channel: string, entry: PresenceEntry, announcement: Announcement): Promise<void>;
  /**
   * Records that the subscribers will be notified that a member left, and forgets its announcement. So an agent that
   * joins from now on is announced again.
   * @returns whether the entry has still left
   */
  beginLeaving(channel: string, entry: PresenceEntry, leaving: PresenceEntry["leaving"]): Promise<boolean>;
  /** Records that the subscribers were notified that a member left, on an entry that is present again. */
  endLeaving(channel: string, entry: PresenceEntry): Promise<void>;
  /** Deletes an entry that has left, unless it has joined again. */
  remove(channel: string, entry: PresenceEntry): Promise<void>;
  /** All entries, also of connections that have left. Strongly consistent. */
  all(channel: string): Promise<PresenceEntry[]>;
  /**
   * A page of the entries, in the order of their places. Strongly consistent.
   * @param after starts behind this place; left out: at the first
   * @param limit maximum number of entries
   */
  page(channel: string, after: string | undefined, limit: number): Promise<MembersPage>;
}

/** A page of a channel's entries. */
export interface MembersPage {
  entries: PresenceEntry[];
  /** There may be entries after them. */
  more: boolean;
}

/** Whether an entry is present: it has not left, and no lease of version 0.2.0 has expired. */
export const isPresent = ({ leftAt, until }: PresenceEntry, now: number): boolean =>
  leftAt === undefined && (until === undefined || until > now);

/** The place of a connection among its member's. It is a hash, which does not reveal the connection's id. */
export const connectionPlace = (connectionId: string): string => shortHash(connectionId);

/**
 * The place of a member in the order of a channel's members. It is a hash of the user's id. Without a user, it is a hash
 * of the session, or of the agent's id if the client offered no session. A reply names it, so that the next page can begin
 * behind it. A prefix keeps a user apart from another client's session of the same text.
 */
export const memberPlace = ({ userId, session, uuid }: Pick<Agent, "userId" | "session" | "uuid">): string => {
  if (userId !== undefined) return shortHash(`user ${userId}`);
  return shortHash(session === undefined ? `agent ${uuid}` : `session ${session}`);
};

/** Separates a member's place from a connection's. */
export const PLACE_SEPARATOR = "#";

/** The member's place in the place of an entry. An entry of version 0.2.0 is a member of its own. */
export const memberOfPlace = (place: string): string => place.split(PLACE_SEPARATOR)[0] ?? place;

/** A place behind all entries of a member: `$` is the character after `#`. */
export const behindMember = (member: string): string => `${member}$`;

/** Characters of a digest of info. */
const DIGEST_LENGTH = 8;

/** A digest of a member's info, to notice that it has changed. */
export const infoDigest = (info: Json | undefined): string =>
  info === undefined ? "" : shortHash(JSON.stringify(info)).slice(0, DIGEST_LENGTH);
