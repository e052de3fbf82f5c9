import type { Code } from "./codes.js";
import type { Limits } from "./limits.js";

/** Any value that JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What the client asks for; the value of a frame's `action`, by which API Gateway chooses the route. */
export type Action = "connect" | "subscribe" | "unsubscribe" | "publish" | "send" | "refresh" | "ping";

/** Where answers arrive, and what requests on a meta action carry as their `channel`; `user` is where messages to a user arrive. */
export const Meta = {
  connect: "/meta/connect",
  subscribe: "/meta/subscribe",
  unsubscribe: "/meta/unsubscribe",
  ping: "/meta/ping",
  refresh: "/meta/refresh",
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
   * it. Whoever has seen as large a one on the channel drops the message.
   */
  offset?: number;
}

/** A message as its publisher sends it. */
export interface OutgoingMessage<Data = Json> extends Omit<Message<Data>, "offset"> {
  /** `false` spares the publisher its own copy. @default true */
  echo?: boolean;
}

/** `action: "connect"` and `action: "ping"`. */
export interface MetaFrame {
  action: "connect" | "ping";
  channel: typeof Meta.connect | typeof Meta.ping;
  uuid: string;
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
  data: { channel: string } | { channels: string[] };
}

/** `action: "publish"` and `action: "send"`: one message in the frame itself, or several in `messages`. */
export type PublicationFrame =
  | ({ action: "publish" | "send" } & OutgoingMessage)
  | { action: "publish" | "send"; messages: OutgoingMessage[] };

/** What the server says to a request. */
export interface Answer {
  channel: MetaChannel;
  /** The request's; absent only when the request had none that could be read. */
  uuid?: string;
  successful: boolean;
  /** For people; present when `successful` is false. */
  error?: string;
  /** For programs; present when `successful` is false. */
  code?: Code;
  data?: Json;
}

/** `data` of a successful `/meta/subscribe`. */
export interface SubscribedTo {
  channel: string;
  /** The channel's last message, where it is kept, there is one, and the frame holds it. */
  latest?: { uuid: string; data: Json; offset: number };
}

/** `data` of a successful `/meta/ping`, `/meta/connect` and `/meta/refresh`. */
export interface ServerFacts {
  /** The agent's id. */
  agent: string;
  /** The guards' timeouts, in milliseconds. */
  timeouts: GuardTimeouts;
  limits: Limits & { frameBytes: number };
  /** In how many milliseconds the agent has to be renewed by a `refresh`; not positive: now. Left out: never. */
  expiresIn?: number;
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
