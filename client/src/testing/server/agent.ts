import type { Code } from "../../../../protocol/codes.js";
import type { Json } from "../../../../protocol/json.js";
import type { Link } from "../network.js";

/** A connection that its guard has accepted. */
export interface Agent {
  /** The agent's id. */
  uuid: string;
  credentials?: Json;
  info?: Json;
  userId?: string;
  /** When it has to be renewed, in epoch milliseconds. */
  expiresAt?: number;
}

/** The server's end of one connection. */
export interface Peer {
  readonly connectionId: string;
  readonly link: Link;
  /** The client's session, which its later connections share. */
  readonly session: string;
  /** Left out: denied, or ended. */
  agent?: Agent | undefined;
  /** Why its guard denied it. */
  denial?: Denial;
  /** Channels and wildcards. */
  readonly subscriptions: Set<string>;
  /** The channels on which it does not want to be a member. */
  readonly observed: Set<string>;
  /** When a frame last passed, in epoch milliseconds. */
  activeAt: number;
}

/** Why a request is refused. */
export interface Denial {
  code: Code;
  reason?: string;
}

/** The key of the member that a connection belongs to: its user, or its session. */
export const memberKeyOf = ({ agent, session }: Peer): string =>
  agent?.userId === undefined ? `session ${session}` : `user ${agent.userId}`;
