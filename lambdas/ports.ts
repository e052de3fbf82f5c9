import type { Json, Message } from "../protocol/index.js";
import type { Agent, Denial, Lifetime, ConnectionRecord } from "./connection/agent.js";
import type { Frame } from "./delivery/frame.js";
import type { Handshake } from "./connection/handshake.js";
import type { PresenceIdentity } from "./presence/members.js";

/** One subscriber of a channel. */
export interface Subscriber {
  connectionId: string;
  /** To the second, in epoch milliseconds. */
  connectedAt: number;
  /** Its agent was not renewed in time: it gets nothing any more, and its connection is to be closed. */
  expired?: true;
  /** Among a user's connections, and if the client offered a session: the beginning of its hash. */
  session?: string;
}

/** What is stored of one connection. */
export interface ConnectionSubscriptions {
  /** Whether there is an agent, or a denial. */
  present: boolean;
  /** Channels and wildcards it is subscribed to, expired or not. */
  channels: string[];
  /** Those of them whose rows say another end than the agent's: it has been renewed since they were written. */
  outdated: string[];
  /** Until when its agent is vouched for, as it is stored now, in epoch milliseconds. */
  expiresAt?: number;
  /** What `agent.connected({ info })` last said of its agent, as it is stored now. */
  info?: Json;
}

/**
 * Which of a subscription's rows is deleted first. The agent's own: whoever reads it afterwards knows whether somebody else
 * has subscribed the agent meanwhile. That row last: whoever deletes the rest after a failure still finds it.
 */
export type DeletionOrder = "own first" | "own last";

/** What is kept between two invocations. Every read is strongly consistent, and none returns an expired row. */
export interface Store {
  /** What is known of a connection. */
  connectionRecord(connectionId: string): Promise<ConnectionRecord>;
  /** The agents among these connections, by connection id. */
  agents(connectionIds: string[]): Promise<Map<string, Agent>>;
  putAgent(agent: Agent): Promise<void>;
  /**
   * Puts a renewed agent in the place of what it was, and has its connection looked at once it has to be over; its last
   * registration stays.
   * @returns the agent with its number of renewals, if it was still what it was; otherwise it has left or was renewed by
   * somebody else, and nothing has changed
   */
  renewAgent(agent: Agent, previous: Agent): Promise<Agent | undefined>;
  /** Lets those of an agent's subscriptions that are still there end when it does. */
  renewSubscriptions(agent: Lifetime & Pick<Agent, "connectionId" | "session">, channels: string[]): Promise<void>;
  putDenial(connectionId: string, connectedAt: number, denial: Denial): Promise<void>;
  /** Subscribes one agent to channels. Subscribing again is harmless. */
  putSubscriptions(agent: PresenceIdentity & Pick<Agent, "session">, channels: string[]): Promise<void>;
  /** Removes subscriptions. Removing what is not there is harmless. @param order "own first" if left out */
  deleteSubscriptions(connectionId: string, channels: string[], order?: DeletionOrder): Promise<void>;
  /**
   * The subscribers of a channel or wildcard, page by page, in the order of their connection ids.
   * @param after the connection id behind which to begin
   */
  subscribers(channel: string, after?: string): AsyncIterable<readonly Subscriber[]>;
  /** What is stored of a connection. */
  connectionSubscriptions(connectionId: string): Promise<ConnectionSubscriptions>;
  /** Deletes a connection's standing and returns it to exactly one caller; the others get `undefined`. */
  takeConnection(connectionId: string): Promise<ConnectionRecord>;
  /** Has an agent's connection looked at once the agent has to be over. */
  putRegistration(agent: Lifetime & Pick<Agent, "connectionId">): Promise<void>;
  /**
   * Forgets that a connection has to be looked at once `deadline` (epoch seconds) has passed. The last step of every
   * removal.
   */
  deleteRegistration(connectionId: string, deadline: number): Promise<void>;
  /** Hands connections to the sweep, as overdue since `deadline` (epoch seconds), until `deleteRegistration`. */
  putExpired(connectionIds: string[], deadline: number): Promise<void>;
  /** Connections past their deadline: agents whose `$disconnect` was lost, and denied sockets that stayed silent. */
  expiredConnections(): AsyncIterable<ExpiredConnection>;
  /** Forgets an overdue connection. */
  deleteExpired(expiredConnections: ExpiredConnection): Promise<void>;
}

/** A connection that the sweep has to deal with, and where its registration lies. */
export interface ExpiredConnection {
  connectionId: string;
  shard: string;
  deadline: string;
  /** Whether it is overdue because it was not renewed: then it may have been renewed since, and may still be open. */
  renewable: boolean;
}

/** What came of posting one frame to one connection. */
export type PostResult =
  /** API Gateway took it. */
  | "sent"
  /** 410: API Gateway says that the connection does not exist. */
  | "gone"
  /** 429: the account's rate, or this client's full buffer. */
  | "busy"
  /** 5xx, or the request itself failed. */
  | "failed"
  /** 403, 413 and the like: trying again cannot help. */
  | "refused";

/** API Gateway's connections. Neither method rejects for what can happen to a connection. */
export interface Connections {
  /** @param withinMs how long it may take, in milliseconds, where that is less than usual */
  post(connectionId: string, frame: Frame, withinMs?: number): Promise<PostResult>;
  /**
   * Closes a connection; one that is already gone is no error.
   * @param withinMs how long it may take, in milliseconds, where that is less than usual
   * @returns whether it is closed; if not, API Gateway did not answer, or was too busy
   */
  close(connectionId: string, withinMs?: number): Promise<boolean>;
}

/** A positive verdict, with what the guard staged. */
export interface Permitted {
  permitted: true;
  /** The channels and wildcards to subscribe the agent to. */
  subscribe: string[];
  /** The messages to publish, in order. */
  publish: Message[];
  /** For the publisher. */
  result?: Json;
  /** After a connection guard: what it left there. */
  credentials?: Json;
  /** After a connection guard: what `connected({ info, userId, expiresAt })` said; `expiresAt` in epoch milliseconds. */
  info?: Json;
  userId?: string;
  expiresAt?: number;
}

/** No: because the guard said so, or because it said nothing valid in time. */
export interface Denied {
  permitted: false;
  code: "denied" | "guard_timeout" | "guard_failed";
  /** For the client. */
  reason: string;
}

/** A guard's verdict, or what its absence means. */
export type Verdict = Permitted | Denied;

/**
 * What a recipient gets: the message, perhaps changed; `undefined`: nothing, because its guard said so or gave no
 * verdict; `"late"`: nothing, because there was no time to ask its guard.
 */
export type DeliveryVerdict = Message | "late" | undefined;

/** The developer's guards. No method rejects: what goes wrong in a guard is a denial, and its detail is logged. */
export interface GuardPort {
  /**
   * @param isConnected whether the agent is renewed on its open connection
   * @param handshake what the client has sent besides; of a renewal nothing
   */
  connection(agent: Agent, isConnected?: boolean, handshake?: Handshake): Promise<Verdict>;
  /** For a wildcard: permitted only if every guard that could apply to a channel it matches permits it. */
  subscription(agent: Agent, channel: string): Promise<Verdict>;
  unsubscription(agent: Agent, channel: string): Promise<Verdict>;
  publication(agent: Agent, message: Message): Promise<Verdict>;
  /** Whether deliveries on this channel are decided by a guard. */
  guardsDelivery(channel: string): Promise<boolean>;
  /**
   * What the guard makes of a message for one recipient. Takes `withinMs` milliseconds at most.
   * @param message the same object for all recipients of the same message: they may be asked about together
   * @param begun called when the guard needs no place in a queue any more: it runs, or waits with others to be asked
   * together; not called if it ends before
   */
  delivery(agent: Agent, message: Message, withinMs: number, begun?: () => void): Promise<DeliveryVerdict>;
  /** Tells that an agent has left. */
  disconnected(agent: Agent): Promise<void>;
  /** Whether guards that were asked since the last call of this could not be loaded. An environment serves one event at a time. */
  unloaded(): boolean;
}

/** Structured logging. Credentials, message data and guard reasons go to `debug` only. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Time and chance, passed in so that decisions can be tested. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
}
