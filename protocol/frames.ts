import type { Code } from "./codes.js";
import type { HistoryMessage, Position, Replay } from "./history.js";
import type { Json } from "./json.js";
import type { Limits } from "./limits.js";
import type { MessageFrom } from "./message-from.js";

/** The `action` of a frame that a client sends. API Gateway chooses the route by it. */
export type Action =
  | "connect"
  | "subscribe"
  | "unsubscribe"
  | "publish"
  | "send"
  | "refresh"
  | "ping"
  | "heartbeat"
  | "history"
  | "presence"
  | "state";

/** The reserved channels. Meta requests and their replies carry them. Messages to a user arrive on `user`. */
export const Meta = {
  connect: "/meta/connect",
  subscribe: "/meta/subscribe",
  unsubscribe: "/meta/unsubscribe",
  ping: "/meta/ping",
  refresh: "/meta/refresh",
  history: "/meta/history",
  presence: "/meta/presence",
  user: "/meta/user",
  successful: "/meta/successful",
  error: "/meta/error",
} as const;

/** One of the meta channels. */
export type MetaChannel = (typeof Meta)[keyof typeof Meta];

/** A message as it travels to subscribers. */
export interface Message<Data = Json> {
  /** The channel on which it was published, also if it arrives through a wildcard subscription. */
  channel: string;
  /** The publisher's id of the message: 1 to 64 of `0-9A-Za-z-_`. */
  uuid: string;
  data: Data;
  /**
   * Its number, on channels that number their messages: each is larger than all before it. Without an `epoch`, a client
   * drops a message whose offset is not larger than the largest it has received on the channel.
   */
  offset?: number;
  /** The history in which `offset` counts, on channels with history. There the offsets have no gaps. */
  epoch?: string;
  /**
   * When the server accepted it, in epoch milliseconds. Left out: it was stored before the server kept the time, or it
   * is a notice of the server.
   */
  at?: number;
  /**
   * Its publisher, on channels whose options say so. Left out: the server API has published it, or a delivery guard has
   * removed it.
   */
  from?: MessageFrom;
}

/** A message as its publisher sends it. */
export interface OutgoingMessage<Data = Json> extends Omit<Message<Data>, "offset" | "epoch" | "at" | "from"> {
  /** `false`: the publisher does not receive its own message. @default true */
  echo?: boolean;
  /** `true`: the server delivers it and keeps nothing of it, also on channels that keep messages. @default false */
  ephemeral?: boolean;
}

/** A message that was requested or permitted, before it is delivered. */
export interface RequestedMessage<Data = Json> extends Message<Data> {
  /** The server delivers it and keeps nothing of it. */
  ephemeral?: true;
  /** For a publication guard that decides about the state of a member: the data is that state. */
  isState?: true;
}

/** The server's reply to a request. */
export interface Reply {
  channel: MetaChannel;
  /** The request's uuid. Left out only if the request had no readable one. */
  uuid?: string;
  successful: boolean;
  /** Why it failed, for people. Present if `successful` is false. */
  error?: string;
  /** Why it failed, for programs. Present if `successful` is false. */
  code?: Code;
  data?: Json;
  /** On `/meta/successful`, if the message's channel has history: the position of the message. */
  position?: Position;
}

/** `data` of a successful `/meta/subscribe`. If the channel has history, it includes `position` and the replay. */
export interface SubscribeResult extends Partial<Replay> {
  channel: string;
  /** If the channel has history: how often to ask with `ping` for newer messages, in milliseconds. */
  historyCheckIntervalMs?: number;
  /** If the channel has presence: how often to say with `ping` that the agent is still present, in milliseconds. */
  presenceIntervalMs?: number;
  /** The channel's last message, if the channel keeps it, there is one, and it fits the frame. */
  latest?: HistoryMessage;
}

/** `data` of a successful `/meta/ping`, `/meta/connect` and `/meta/refresh`. */
export interface ConnectionInfo {
  /** The agent's id. */
  agent: string;
  /** The user of the connection, if its connection guard named one. */
  userId?: string;
  /** The guards' timeouts, in milliseconds. */
  timeouts: GuardTimeouts;
  limits: Limits & { frameBytes: number };
  /** The channels that have messages after the position in the ping. */
  laggingChannels?: string[];
  /** The channels in the ping on which the agent is not present (any more): subscribe again. */
  absentChannels?: string[];
  /** In how many milliseconds the client has to renew the agent with `refresh`. 0 or less: now. @default - never */
  expiresInMs?: number;
  /** The server knows `heartbeat` frames. @default - it does not */
  heartbeats?: true;
}

/** How long each guard may take, in milliseconds. */
export interface GuardTimeouts {
  onConnectionRequest: number;
  onSubscriptionRequest: number;
  onPublicationRequest: number;
  onUnsubscriptionRequest: number;
  onPresenceRequest: number;
  onMessageReceived: number;
  onDisconnect: number;
}
