import type { Code } from "./codes.js";
import type { Position, Replay } from "./history.js";
import type { Json } from "./json.js";
import type { Limits } from "./limits.js";

/** What the client asks for; the value of a frame's `action`, by which API Gateway chooses the route. */
export type Action =
  "connect" | "subscribe" | "unsubscribe" | "publish" | "send" | "refresh" | "ping" | "history" | "presence";

/** Where answers arrive, and what requests on a meta action carry as their `channel`; `user` is where messages to a user arrive. */
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
  /** The channel it was published on, also when it arrives through a wildcard subscription. */
  channel: string;
  /** The publisher's id for it: 1 to 64 of `0-9A-Za-z-_`. */
  uuid: string;
  data: Data;
  /**
   * Where it stands among the channel's publications, on channels that number them: each has a larger one than all before
   * it. Where there is no `epoch`, whoever has seen as large a one on the channel drops the message.
   */
  offset?: number;
  /** Which history `offset` counts in, on channels with history: there the offsets have no gaps. */
  epoch?: string;
}

/** A message as its publisher sends it. */
export interface OutgoingMessage<Data = Json> extends Omit<Message<Data>, "offset" | "epoch"> {
  /** `false` spares the publisher its own copy. @default true */
  echo?: boolean;
}

/** `action: "connect"`. */
export interface ConnectFrame {
  action: "connect";
  channel: typeof Meta.connect;
  uuid: string;
}

/** `action: "ping"`. */
export interface PingFrame {
  action: "ping";
  channel: typeof Meta.ping;
  uuid: string;
  data?: {
    /** Where the client is, by channel: the answer says which of them have gone on. */
    positions?: Record<string, Position>;
    /** Channels with presence that it is still there on. */
    presentChannels?: string[];
  };
}

/** `action: "refresh"`. */
export interface RefreshFrame {
  action: "refresh";
  channel: typeof Meta.refresh;
  uuid: string;
  /** Left out: the guard sees `undefined`. */
  data?: { credentials?: Json };
}

/** `action: "subscribe"` and `action: "unsubscribe"`. */
export interface SubscriptionFrame {
  action: "subscribe" | "unsubscribe";
  channel: typeof Meta.subscribe | typeof Meta.unsubscribe;
  uuid: string;
  data: SubscriptionTarget | { channels: (string | SubscriptionTarget)[] };
}

/** A channel to subscribe to or to unsubscribe from. */
export interface SubscriptionTarget {
  channel: string;
  /** Subscribing: what was published behind this position is wanted too. */
  since?: Position;
}

/** `action: "publish"` and `action: "send"`: one message in the frame itself, or several in `messages`. */
export type PublicationFrame =
  ({ action: "publish" | "send" } & OutgoingMessage) | { action: "publish" | "send"; messages: OutgoingMessage[] };

/** What the server says to a request. */
export interface Reply {
  channel: MetaChannel;
  /** The request's; absent only when the request had none that could be read. */
  uuid?: string;
  successful: boolean;
  /** For people; present when `successful` is false. */
  error?: string;
  /** For programs; present when `successful` is false. */
  code?: Code;
  data?: Json;
  /** On `/meta/successful`, where the channel it was sent to has history: where the message is. */
  position?: Position;
}

/** `data` of a successful `/meta/subscribe`; with `position` and what belongs to it where the channel has history. */
export interface SubscribeResult extends Partial<Replay> {
  channel: string;
  /** How often to ask, with `ping`, whether the channel has gone on, in milliseconds; where it has history. */
  historyCheckIntervalMs?: number;
  /** How often to say, with `ping`, that the agent is still present, in milliseconds; where the channel has presence. */
  presenceIntervalMs?: number;
  /** The channel's last message, where it is kept, there is one, and the frame holds it. */
  latest?: { uuid: string; data: Json; offset: number };
}

/** `data` of a successful `/meta/ping`, `/meta/connect` and `/meta/refresh`. */
export interface ConnectionInfo {
  /** The agent's id. */
  agent: string;
  /** Whose connection it is, if its connection guard said so. */
  userId?: string;
  /** The guards' timeouts, in milliseconds. */
  timeouts: GuardTimeouts;
  limits: Limits & { frameBytes: number };
  /** Those of the asked channels that have messages behind the positions that the ping carried. */
  laggingChannels?: string[];
  /** Those of the asked channels on which the agent is not present (any more): subscribe again. */
  absentChannels?: string[];
  /** In how many milliseconds the agent has to be renewed by a `refresh`; not positive: now. Left out: never. */
  expiresInMs?: number;
}

/** How long each guard may take for its verdict, in milliseconds. */
export interface GuardTimeouts {
  onConnectionRequest: number;
  onSubscriptionRequest: number;
  onPublicationRequest: number;
  onUnsubscriptionRequest: number;
  onMessageReceived: number;
  onDisconnect: number;
}
