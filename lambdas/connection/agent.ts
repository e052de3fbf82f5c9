import { type Code, type Json, RENEWAL_GRACE_SECONDS } from "../../protocol/index.js";

/** An agent as the system knows it: one accepted connection. */
export interface Agent {
  /** The id the server chose for it: 22 characters of `0-9A-Za-z-_`. */
  uuid: string;
  /** API Gateway's id of its connection. */
  connectionId: string;
  /** When the handshake began, in epoch milliseconds, as API Gateway says in every event. */
  connectedAt: number;
  sourceIp: string;
  userAgent: string;
  /** A hash of its session's secret, where the client offered one. */
  session?: string;
  /** What the client sent, or what the connection guard left instead. */
  credentials?: Json;
  /** What `agent.connected({ info })` set. */
  info?: Json;
  /** What `agent.connected({ userId })` set: whose connection it is, to the back end. */
  userId?: string;
  /** What `agent.connected({ expiresAt })` set, in epoch milliseconds: when its credentials have to be renewed. */
  expiresAt?: number;
  /** How often it was renewed, if it was: of two renewals at once, this tells the first from the other. */
  renewals?: number;
}

/** What decides how long an agent lives. */
export type Lifetime = Pick<Agent, "connectedAt" | "expiresAt">;

/** Why a connection has no agent: what the connection guard said, or why it said nothing. */
export interface Denial {
  code: Code;
  reason: string;
  /** Whether the guards could not be loaded: then the invocation that tells the client fails afterwards. */
  unloaded?: true;
}

/** What an agent that was not renewed in time is from then on. */
export const EXPIRED: Denial = { code: "expired", reason: "The agent was not renewed in time. Connect again." };

/** What the table knows of a connection: its agent, why it was denied, or nothing. */
export type ConnectionRecord = { agent: Agent } | { denial: Denial } | undefined;

/**
 * How long API Gateway keeps a connection at most, in seconds; cannot be raised.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const CONNECTION_SECONDS = 2 * 60 * 60;

/** What a row outlives its connection by, in seconds: clocks differ, and a late `$disconnect` still finds it. */
export const EXPIRY_GRACE_SECONDS = 5 * 60;

/** How long a denied socket may stay silent, in seconds, before the sweep closes it. */
export const DENIED_SECONDS = 60;

/**
 * When an agent is over, in epoch seconds: with its connection, or when it was not renewed in time. Every row of the
 * agent says so, and nobody believes one for longer.
 */
export const endOf = ({ connectedAt, expiresAt }: Lifetime): number => {
  const expiry = expiryOf(connectedAt);
  return expiresAt === undefined ? expiry : Math.min(expiry, Math.ceil(expiresAt / 1000) + RENEWAL_GRACE_SECONDS);
};

/** When a denied socket is overdue, in epoch seconds. */
export const denialDeadlineOf = (connectedAt: number): number => Math.floor(connectedAt / 1000) + DENIED_SECONDS;

/**
 * When nothing of a connection can be alive any more, in epoch seconds. Rounded up, so that a connection never looks
 * older than it is to whoever asks `connectedAtOf`.
 */
export const expiryOf = (connectedAt: number): number =>
  Math.ceil(connectedAt / 1000) + CONNECTION_SECONDS + EXPIRY_GRACE_SECONDS;

/** The inverse of `expiryOf`, to the second: when a connection was opened, in epoch milliseconds. */
export const connectedAtOf = (expiry: number): number => (expiry - CONNECTION_SECONDS - EXPIRY_GRACE_SECONDS) * 1000;
