import { createHash } from "node:crypto";
import type { Member } from "../../protocol/index.js";
import type { Agent } from "../connection/agent.js";

/** What is told of an agent that is present, and when its rows end. */
export type PresenceIdentity = Pick<Agent, "connectionId" | "connectedAt" | "expiresAt" | "uuid" | "userId" | "info">;

/** That an agent is present on a channel, as it is stored. */
export interface PresenceEntry extends Member {
  connectionId: string;
  /** When it came, in epoch milliseconds. One that goes and comes again has another. */
  since: number;
  /** Until when it counts as present without saying so again, in epoch milliseconds. */
  until: number;
  /** Whether the channel's subscribers have been told that it came. */
  told: boolean;
  /** When it went, in epoch milliseconds, where the subscribers may not have been told yet. */
  goneAt?: number;
}

/**
 * Who is present on which channel. An attendant that is gone is never present again: one that comes again is another,
 * of whom nobody has been told. So a message that somebody left is about one who cannot come back behind its back.
 */
export interface Members {
  /**
   * Notes that an agent is there. It counts as one that has just come, and is told again, if it is not there, if its lease
   * is over, or if its `info` has changed.
   * @param now epoch milliseconds
   * @param until as `Attendant` has it
   */
  join(agent: PresenceIdentity, channel: string, now: number, until: number): Promise<void>;
  /** Notes that an agent that is there is another now, in what is told of it; that is told again. */
  describe(agent: PresenceIdentity, channel: string, now: number): Promise<void>;
  /** Until when an agent counts as present, by channel: those among these where it is. Strongly consistent. */
  untilOf(connectionId: string, channels: readonly string[]): Promise<Map<string, number>>;
  /**
   * Notes that an agent says it is there.
   * @returns whether it was; not if its lease is over: others may already have seen that it is not there
   */
  renew(connectionId: string, channel: string, now: number, until: number): Promise<boolean>;
  /** Notes that an agent has gone. @returns whether it was there */
  leave(connectionId: string, channel: string, now: number): Promise<boolean>;
  /** Notes that an attendant whose time is over is gone. @returns whether it is; if not, it has said that it is there */
  end(channel: string, attendant: PresenceEntry, now: number): Promise<boolean>;
  /** Notes that the subscribers have been told that it came. */
  told(channel: string, attendant: PresenceEntry): Promise<void>;
  /** Forgets an attendant of whose going the subscribers have been told. */
  forget(channel: string, attendant: PresenceEntry): Promise<void>;
  /** Everybody who is there, or is gone without the subscribers having been told. Strongly consistent. */
  all(channel: string): Promise<PresenceEntry[]>;
  /**
   * A part of them, in the order of their places. Strongly consistent.
   * @param after behind which place; left out: from the first on
   * @param limit how many are read at most
   */
  page(channel: string, after: string | undefined, limit: number): Promise<MembersPage>;
}

/** A part of a channel's members. */
export interface MembersPage {
  attendants: PresenceEntry[];
  /** There may be others behind them. */
  more: boolean;
}

/** Whether an attendant is there: it has neither gone nor been silent for too long. */
export const isPresent = ({ goneAt, until }: PresenceEntry, now: number): boolean =>
  goneAt === undefined && until > now;

/** What everybody may know of an attendant. */
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
