import type { Json } from "./json.js";

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
  /** Where to go on: what an answer said as `more`. */
  after?: string;
}

/** `data` of a successful answer on `/meta/presence`. */
export interface PresencePage {
  channel: string;
  /**
   * How many agents are present in all: exactly, where one answer holds all of them. Otherwise as many as were there when
   * subscribers were last told who comes and goes: a moment ago, or a minute.
   */
  count: number;
  members: Member[];
  /** There may be others: ask with `after`, this value. */
  more?: string;
}

/** `data` of a message on `/meta/presence`: somebody came or went; exactly one of `joined` and `left`. */
export interface PresenceEventData {
  channel: string;
  joined?: Member;
  left?: Member;
  /** When the server noticed, in epoch milliseconds: of two about one agent, the later one counts. */
  at: number;
}
