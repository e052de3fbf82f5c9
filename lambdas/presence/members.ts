import { createHash } from "node:crypto";
import type { Member } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";

/** The public info of a present agent, and the fields that decide when its rows end. */
export type PresenceIdentity = Pick<Agent, "connectionId" | "connectedAt" | "expiresAt" | "uuid" | "userId" | "info">;

/** The stored presence of an agent on a channel. */
export interface PresenceEntry extends Member {
  connectionId: string;
  /**
   * When it joined, in epoch milliseconds. If the agent leaves and joins again, it gets a new entry with another time.
   */
  since: number;
  /** When its presence ends unless it is renewed, in epoch milliseconds. */
  until: number;
  /** Whether the channel's subscribers were notified that it joined. */
  announced: boolean;
  /** When it left, in epoch milliseconds, until the subscribers are notified. */
  leftAt?: number;
}

/**
 * The presence entries of channels. An ended entry is never reused: if the same agent joins again, it gets a new entry
 * with its own join notification. So a "left" event is about an entry that cannot come back before the event is sent.
 */
export interface Members {
  /**
   * Records that an agent is present. The agent counts as joining, and subscribers are notified, if it was not present,
   * if its lease has expired, or if its `info` has changed.
   * @param now epoch milliseconds
   * @param until as in `PresenceEntry`
   */
  join(agent: PresenceIdentity, channel: string, now: number, until: number): Promise<void>;
  /** Records changed public info of a present agent. Subscribers are notified of the change. */
  describe(agent: PresenceIdentity, channel: string, now: number): Promise<void>;
  /** When the agent's presence ends, for each of these channels on which it is present. Strongly consistent. */
  leaseExpiries(connectionId: string, channels: readonly string[]): Promise<Map<string, number>>;
  /**
   * Renews an agent's presence.
   * @returns whether it was present; false if its lease has expired, because readers may already have seen it as absent
   */
  renew(connectionId: string, channel: string, now: number, until: number): Promise<boolean>;
  /**
   * Records that an agent has left.
   * @returns whether it was present
   */
  leave(connectionId: string, channel: string, now: number): Promise<boolean>;
  /**
   * Records that an entry with an expired lease has left.
   * @returns whether it has; false if it was renewed meanwhile
   */
  expire(channel: string, entry: PresenceEntry, now: number): Promise<boolean>;
  /** Records that the subscribers were notified that it joined. */
  markAnnounced(channel: string, entry: PresenceEntry): Promise<void>;
  /** Deletes an entry after the subscribers were notified that it left. */
  remove(channel: string, entry: PresenceEntry): Promise<void>;
  /** All present entries, and the entries that left without a notification so far. Strongly consistent. */
  all(channel: string): Promise<PresenceEntry[]>;
  /**
   * A page of the entries, in the order of their places. Strongly consistent.
   * @param after the place after which to start; left out: the first place
   * @param limit maximum number of rows
   */
  page(channel: string, after: string | undefined, limit: number): Promise<MembersPage>;
}

/** A page of a channel's entries. */
export interface MembersPage {
  entries: PresenceEntry[];
  /** There may be entries after them. */
  more: boolean;
}

/** Whether an entry is present: it has not left, and its lease has not expired. */
export const isPresent = ({ leftAt, until }: PresenceEntry, now: number): boolean =>
  leftAt === undefined && until > now;

/** The public fields of an entry. */
export const memberOf = ({ agent, userId, info }: Member): Member => ({
  agent,
  ...(userId === undefined ? {} : { userId }),
  ...(info === undefined ? {} : { info }),
});

/** Characters of a member's place: 128 bits and more in base64url. */
const PLACE_LENGTH = 22;

/**
 * The place of a connection's agent in the order of a channel's members. A reply names it, so that the next page can
 * begin behind it. It is a hash, which does not reveal the connection's id.
 */
export const memberPlace = (connectionId: string): string =>
  createHash("sha256").update(connectionId).digest("base64url").slice(0, PLACE_LENGTH);
