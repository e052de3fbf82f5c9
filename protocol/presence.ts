import type { Json } from "./json.js";

/**
 * A member of a channel, as the channel's other subscribers see it: a user with all its connections. Without a `userId`
 * it is a session, which may have two connections for a moment.
 */
export interface Member {
  /** The agent id under which it was announced. It stays the same until the member leaves. */
  agent: string;
  /** The user of the connections, if their connection guard named one. */
  userId?: string;
  /** The `info` that a connection guard last passed to `agent.connected({ info })` for one of the connections. */
  info?: Json;
  /** Its state on this channel, if it has one and the reader's delivery guard permits it. */
  state?: Json;
  /** The agent ids of its connections. Left out of an event in which it left, and by servers of version 0.2.0. */
  connections?: string[];
}

/** `data` of a `state` frame. */
export interface StateChange {
  channel: string;
  /** The new state: at most 512 bytes of JSON. `null`: none. */
  state: Json;
}

/** `data` of a `presence` frame. */
export interface PresenceQuery {
  channel: string;
  /** The `more` of the previous reply, to read on. */
  after?: string;
  /** For the subscription guard: at most `MAX_TOKEN_BYTES` of JSON. The server does not store it. */
  token?: Json;
}

/** `data` of a successful reply on `/meta/presence`. */
export interface PresencePage {
  channel: string;
  /**
   * How many members there are in all. If one reply holds all of them, this is exact. Otherwise it is the number at
   * the last notification of subscribers, which was up to a minute ago.
   */
  count: number;
  members: Member[];
  /** There may be more: request them with this value as `after`. */
  more?: string;
}

/**
 * `data` of a message on `/meta/presence`: a member joined or left, or its state changed. It has exactly one of `joined`,
 * `left` and `changed`.
 */
export interface PresenceEventData {
  channel: string;
  joined?: Member;
  left?: Member;
  /** The member with its new state; without a state, it has none any more. Only `changed` has a state. */
  changed?: Member;
  /** When the server noticed it, in epoch milliseconds. Of two events about one `agent`, the later one counts. */
  at: number;
}
