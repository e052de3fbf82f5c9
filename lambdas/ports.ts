import type { Json, Message, RequestedMessage } from "../protocol/index.js";
import type { Agent, Denial, Lifetime, ConnectionRecord } from "./connection/agent.js";
import type { Frame } from "./delivery/frame.js";
import type { Handshake } from "./connection/handshake.js";
import type { PresenceIdentity } from "./presence/members.js";

/** One subscriber of a channel. */
export interface Subscriber {
  connectionId: string;
  /** To the second, in epoch milliseconds. */
  connectedAt: number;
  /** Its agent was not renewed in time: it receives no more messages, and its connection has to be closed. */
  expired?: true;
  /** The beginning of its session's hash: only on the channel of a user, and if the client offered a session. */
  session?: string;
}

/** The stored rows of one connection. */
export interface ConnectionSubscriptions {
  /** Whether there is an agent, or a denial. */
  present: boolean;
  /** All its channels and wildcards, expired or not. */
  channels: string[];
  /** The channels whose rows have another end than the agent: it was renewed after they were written. */
  outdated: string[];
  /** The channels that the agent observes: it is subscribed, but does not want to be a member. Left out: none. */
  observed?: string[];
  /** When its agent's credentials expire, as it is stored now, in epoch milliseconds. */
  expiresAt?: number;
  /** The info that `agent.connected({ info })` last set, as it is stored now. */
  info?: Json;
}

/**
 * Which of a subscription's two rows is deleted first. With "own first" it is the agent's own row: a later read shows
 * whether the agent was subscribed again meanwhile. With "own last", a retry after a failure still finds the subscription.
 */
export type DeletionOrder = "own first" | "own last";

/** The rows of connections. Every read is strongly consistent, and none returns an expired row. */
export interface Store {
  /** The record of a connection. */
  connectionRecord(connectionId: string): Promise<ConnectionRecord>;
  /** The agents among these connections, by connection id. */
  agents(connectionIds: string[]): Promise<Map<string, Agent>>;
  putAgent(agent: Agent): Promise<void>;
  /**
   * Replaces an agent with its renewal, and registers its connection for the sweep at its new end. Its last
   * registration stays.
   * @returns the agent with its number of renewals; `undefined` if it has left or another request renewed it, and
   * nothing has changed
   */
  renewAgent(agent: Agent, previous: Agent): Promise<Agent | undefined>;
  /**
   * Moves the end of an agent's existing subscriptions to the agent's end.
   * @param observed as in `putSubscriptions`
   */
  renewSubscriptions(
    agent: Lifetime & Pick<Agent, "connectionId" | "session">,
    channels: string[],
    observed?: ReadonlySet<string>,
  ): Promise<void>;
  putDenial(connectionId: string, connectedAt: number, denial: Denial): Promise<void>;
  /**
   * Subscribes one agent to channels. Subscribing again is harmless.
   * @param observed the channels that the agent only observes: on these it is not a member, or not any more. Left out:
   * none
   */
  putSubscriptions(agent: PresenceIdentity, channels: string[], observed?: ReadonlySet<string>): Promise<void>;
  /**
   * Removes subscriptions. Removing a missing one is harmless.
   * @param order "own first" if left out
   */
  deleteSubscriptions(connectionId: string, channels: string[], order?: DeletionOrder): Promise<void>;
  /** Deletes the last row of an agent's presence, after its subscriptions are deleted. */
  endPresence(connectionId: string): Promise<void>;
  /**
   * The subscribers of a channel or wildcard, page by page, in the order of their connection ids.
   * @param after the connection id after which to start
   */
  subscribers(channel: string, after?: string): AsyncIterable<readonly Subscriber[]>;
  /** The stored rows of a connection. */
  connectionSubscriptions(connectionId: string): Promise<ConnectionSubscriptions>;
  /** Deletes a connection's record and returns it to exactly one caller; the others get `undefined`. */
  takeConnection(connectionId: string): Promise<ConnectionRecord>;
  /** Registers an agent's connection for the sweep, at the agent's end. */
  putRegistration(agent: Lifetime & Pick<Agent, "connectionId">): Promise<void>;
  /** Deletes the registration of a connection for `deadline` (epoch seconds). The last step of every removal. */
  deleteRegistration(connectionId: string, deadline: number): Promise<void>;
  /** Registers connections for the sweep, expired since `deadline` (epoch seconds), until `deleteRegistration`. */
  putExpired(connectionIds: string[], deadline: number): Promise<void>;
  /** Connections past their deadline: agents whose `$disconnect` was lost, and denied sockets that stayed silent. */
  expiredConnections(): AsyncIterable<ExpiredConnection>;
  /** Deletes the registration of an expired connection. */
  deleteExpired(expiredConnections: ExpiredConnection): Promise<void>;
}

/** A connection past its deadline, and the place of its registration. */
export interface ExpiredConnection {
  connectionId: string;
  shard: string;
  deadline: string;
  /** Whether it expired because it was not renewed: it may have been renewed since, and may still be open. */
  renewable: boolean;
}

/** The result of posting one frame to one connection. */
export type PostResult =
  /** API Gateway has accepted it. */
  | "sent"
  /** 410: the connection does not exist. */
  | "gone"
  /** 429: the account's rate, or this client's full buffer. */
  | "busy"
  /** 5xx, or the request itself failed. */
  | "failed"
  /** 403, 413 and the like: a retry cannot help. */
  | "refused";

/** API Gateway's connections. Neither method rejects because of the state of a connection. */
export interface Connections {
  /** @param withinMs maximum time in milliseconds, if less than the default */
  post(connectionId: string, frame: Frame, withinMs?: number): Promise<PostResult>;
  /**
   * Closes a connection. A connection that is already closed is not an error.
   * @param withinMs maximum time in milliseconds, if less than the default
   * @returns whether it is closed; if not, API Gateway did not answer, or was too busy
   */
  close(connectionId: string, withinMs?: number): Promise<boolean>;
}

/** Asks API Gateway about connections. */
export interface ConnectionStates {
  /** Whether a connection exists; `undefined`: API Gateway did not say. */
  exists(connectionId: string): Promise<boolean | undefined>;
}

/** A positive verdict, with the guard's staged calls. */
export interface Permitted {
  permitted: true;
  /** The channels and wildcards to subscribe the agent to. */
  subscribe: string[];
  /** The messages to publish, in order. */
  publish: RequestedMessage[];
  /** For the publisher. */
  result?: Json;
  /** After a connection guard: the credentials to store. */
  credentials?: Json;
  /**
   * After a connection guard: the values of `connected({ info, userId, expiresAt })`; `expiresAt` in epoch
   * milliseconds.
   */
  info?: Json;
  userId?: string;
  expiresAt?: number;
}

/** A negative verdict: the guard denied it, or returned no valid verdict in time. */
export interface Denied {
  permitted: false;
  code: "denied" | "bad_data" | "guard_timeout" | "guard_failed";
  /** For the client. */
  reason: string;
}

/** A guard's verdict, or a denial if there is none. */
export type Verdict = Permitted | Denied;

/** The verdict about a member's state: the state as the guard permits it, or a denial. */
export type StateVerdict = { permitted: true; state: Json } | Denied;

/**
 * The message for a recipient, perhaps changed. `undefined`: none, because the guard dropped it or returned no verdict;
 * `"late"`: none, because there was no time to ask the guard.
 */
export type DeliveryVerdict = Message | "late" | undefined;

/** The developer's guards. No method rejects: a failure in a guard is a denial, and its details are logged. */
export interface GuardPort {
  /**
   * @param isConnected whether this is a renewal on the agent's open connection
   * @param handshake other parts of the client's handshake; left out for a renewal
   */
  connection(agent: Agent, isConnected?: boolean, handshake?: Handshake): Promise<Verdict>;
  /**
   * For a wildcard: permitted only if every guard that could apply to a channel it matches permits it.
   * @param token the client's, for this call only: it is neither stored nor logged
   */
  subscription(agent: Agent, channel: string, token?: Json): Promise<Verdict>;
  unsubscription(agent: Agent, channel: string): Promise<Verdict>;
  publication(agent: Agent, message: RequestedMessage): Promise<Verdict>;
  /**
   * Whether an agent may have a state on a channel. If no presence guard applies, the publication guard decides.
   * @param message the state as the data of a publication on the channel
   */
  presence(agent: Agent, message: Message): Promise<StateVerdict>;
  /** Whether a guard decides deliveries on this channel. */
  guardsDelivery(channel: string): Promise<boolean>;
  /**
   * The guard's decision on a message for one recipient, in at most `withinMs` milliseconds.
   * @param message the same object for all recipients of the message, so that one call can decide several of them
   * @param begun called when the guard leaves the queue: it runs, or waits to be called together with others; not called
   * if it ends before
   */
  delivery(agent: Agent, message: Message, withinMs: number, begun?: () => void): Promise<DeliveryVerdict>;
  /** Notifies the guard that an agent has left. */
  disconnected(agent: Agent): Promise<void>;
  /**
   * Whether guards called since the last call of this could not be loaded. An environment handles one event at a time.
   */
  unloaded(): boolean;
}

/** Structured logging. Credentials, message data and guard reasons go to `debug` only. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Time and randomness, passed in so that tests can control them. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
}
