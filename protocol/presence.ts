import type { Json } from "./frames.js";

/** An agent that is present on a channel, as everybody there may know it. */
export interface Member {
  /** The agent's id. */
  agent: string;
  /** Whose connection it is, where its connection guard said so. */
  userId?: string;
  /** What its connection guard said with `agent.connected({ info })`. */
  info?: Json;
}

/** `action: "presence"`. */
export interface PresenceFrame {
  action: "presence";
  channel: "/meta/presence";
  uuid: string;
  data: PresenceQuery;
}

/** `data` of a `presence` frame. */
export interface PresenceQuery {
  channel: string;
  /** Behind which agent to go on, where an answer said `more`. */
  after?: string;
}

/** `data` of a successful answer on `/meta/presence`. */
export interface Attendance {
  channel: string;
  /** How many agents are present, also where not all of them are in `members`. */
  count: number;
  members: Member[];
  /** There are more: ask with `after`, this value. */
  more?: string;
}

/** `data` of a message on `/meta/presence`: somebody came or went; exactly one of `joined` and `left`. */
export interface Attended {
  channel: string;
  joined?: Member;
  left?: Member;
  /** When the server noticed, in epoch milliseconds: of two about one agent, the later one counts. */
  at: number;
}
