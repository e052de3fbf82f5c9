import type { Code, Json, Position } from "../../protocol/index.js";
import type { QUERY_BURST } from "./protocol-rules.js";

/** Content of an answer that only the books know. */
export type ContentCheck =
  | {
      kind: "subscribed";
      channel: string;
      since: Position[];
      last?: number | undefined;
      /** Whether the agent asked to be a member; `undefined`: its guard subscribes it. */
      present: boolean | undefined;
    }
  | { kind: "history"; channel: string; since?: Position; limit: number; reverse: boolean }
  | { kind: "stored"; channel: string; uuid: string; data: Json; fingerprint: string }
  | { kind: "presence"; channel: string; after: string }
  | { kind: "state"; channel: string }
  | { kind: "pong"; positions: [string, Position][]; present: string[]; isHeartbeat: boolean };

/** One answer that must come. */
export interface ExpectedAnswer {
  /** The channels on which it may arrive. */
  channels: readonly string[];
  uuid?: string;
  /** `undefined`: it must be successful. */
  code?: Code;
  /** `data.channel`, perhaps cut. */
  about?: string;
  /** Whether `rate_limited` may come instead. */
  limited?: boolean;
  /** Whether `unavailable` may come instead, because another renewal was faster. */
  overtaken?: boolean;
  /** Of a subscription: which of the channels that the frame names were permitted together with it, itself or others. */
  grantedBy?: readonly string[];
  /** Whether it may be gone again when it has been made, because another frame ends it. */
  raced?: boolean;
  /** Of an unsubscription: whether `unavailable` may come instead, because another frame subscribes the agent. */
  met?: boolean;
  /** Of a state: whether `no_presence` may come instead, because other frames decide whether the agent is a member. */
  unsureMember?: boolean;
  /** Whether `uuid_reused` may come instead, because frames on their way claim the same uuid. */
  reused?: boolean;
  /** Its further content. */
  content?: ContentCheck;
  /** All of `data`, or a part of it; `undefined`: it must not have such a field. */
  data?: Record<string, Json | undefined>;
}

/** The required reaction to a frame: one frame of answers, none at all, or the end of the connection. */
export type Outcome =
  /** `optional`: there may be no frame at all. */
  | { kind: "answers"; answers: ExpectedAnswer[]; closes: boolean; optional?: true }
  | { kind: "silence" }
  | { kind: "close"; code: number };

/** A message that guards permitted, on one of the channels it goes to. */
export interface Publication {
  channel: string;
  uuid: string;
  data: Json;
  echo: boolean;
  /** The server keeps nothing of it. */
  ephemeral?: boolean;
  /** If it is kept: what the publisher itself has sent, by which a repetition is known again. */
  fingerprint?: string;
}

/** The changes that a frame may cause: nothing else may happen. */
export interface Prediction {
  outcome: Outcome;
  subscribe: string[];
  unsubscribe: string[];
  /** For each channel of `subscribe` that the frame names: whether the agent wants to be a member. */
  wishes?: ReadonlyMap<string, boolean>;
  /** The state that it sets, if it is a member. */
  sets?: { channel: string; state: Json };
  publish: Publication[];
  /** How many messages it asks to publish. */
  messages: number;
  /** The request with a rate of its own that it makes. */
  asking?: keyof typeof QUERY_BURST;
  /** Whether it renews the agent, and for so short a time that it may be asked to renew from then on. */
  renews?: "long" | "moment";
}
