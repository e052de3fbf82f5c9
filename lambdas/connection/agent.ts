import { type Code, type Json, RENEWAL_GRACE_SECONDS } from "../../protocol/index.js";

/** An agent: one accepted connection. */
export interface Agent {
  /** The id the server chose for it: 22 characters of `0-9A-Za-z-_`. */
  uuid: string;
  /** API Gateway's id of its connection. */
  connectionId: string;
  /** When the handshake began, in epoch milliseconds. API Gateway sends it in every event. */
  connectedAt: number;
  sourceIp: string;
  userAgent: string;
  /** A hash of its session's secret, if the client offered one. */
  session?: string;
  /** The credentials that the client sent, or that the connection guard left instead. */
  credentials?: Json;
  /** Public info, set by `agent.connected({ info })`. */
  info?: Json;
  /** The id of its user, set by `agent.connected({ userId })`. The server API addresses users by it. */
  userId?: string;
  /** When its credentials have to be renewed, in epoch milliseconds, set by `agent.connected({ expiresAt })`. */
  expiresAt?: number;
  /** Number of renewals, if it was renewed. It distinguishes two renewals at the same time. */
  renewals?: number;
}

/** The fields that decide how long an agent lives. */
export type Lifetime = Pick<Agent, "connectedAt" | "expiresAt">;

/** Why a connection has no agent: the connection guard's denial, or why there is no verdict. */
export interface Denial {
  code: Code;
  reason: string;
  /** Whether the guards could not be loaded: then the invocation that notifies the client fails afterwards. */
  unloaded?: true;
}

/** The denial of an agent that was not renewed in time. */
export const EXPIRED: Denial = { code: "expired", reason: "The agent was not renewed in time. Connect again." };

/** The stored record of a connection: its agent, or why it was denied, or neither. */
export type ConnectionRecord = { agent: Agent } | { denial: Denial } | undefined;

/**
 * How long API Gateway keeps a connection at most, in seconds; cannot be raised.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const CONNECTION_SECONDS = 2 * 60 * 60;

/** How long a row outlives its connection, in seconds: clocks differ, and a late `$disconnect` still finds the row. */
export const EXPIRY_GRACE_SECONDS = 5 * 60;

/** How long a denied socket may stay silent, in seconds, before the sweep closes it. */
export const DENIED_SECONDS = 60;

/**
 * When an agent ends, in epoch seconds: with its connection, or when it was not renewed in time. Every row of the agent
 * has this end, and is ignored after it.
 */
export const endOf = ({ connectedAt, expiresAt }: Lifetime): number => {
  const expiry = expiryOf(connectedAt);
  return expiresAt === undefined ? expiry : Math.min(expiry, Math.ceil(expiresAt / 1000) + RENEWAL_GRACE_SECONDS);
};

/** When a denied socket has to be closed, in epoch seconds. */
export const denialDeadlineOf = (connectedAt: number): number => Math.floor(connectedAt / 1000) + DENIED_SECONDS;

/**
 * When all of a connection has certainly ended, in epoch seconds. It is rounded up, so that `connectedAtOf` never
 * returns a time before the connection was opened.
 */
export const expiryOf = (connectedAt: number): number =>
  Math.ceil(connectedAt / 1000) + CONNECTION_SECONDS + EXPIRY_GRACE_SECONDS;

/** The inverse of `expiryOf`, to the second: when a connection was opened, in epoch milliseconds. */
export const connectedAtOf = (expiry: number): number => (expiry - CONNECTION_SECONDS - EXPIRY_GRACE_SECONDS) * 1000;
