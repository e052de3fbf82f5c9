import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Position } from "../adapter.js";

/** A valid frame of the client. */
export interface ClientFrame {
  action: string;
  channel?: string;
  uuid: string;
  data?: Record<string, unknown> & { channels?: (string | Target)[]; channel?: string; since?: Position };
  messages?: OutgoingMessage[];
  echo?: boolean;
}

/** A channel in a subscribe or unsubscribe frame. */
export interface Target {
  channel: string;
  since?: Position;
  last?: number;
  present?: boolean;
  token?: unknown;
}

/** A message in a publish frame; `data.n` is the number of its publication. */
export interface OutgoingMessage {
  channel: string;
  uuid: string;
  data: { n: number };
  echo?: boolean;
}

/** A member as others see it. */
export interface MemberView {
  agent: string;
  userId?: string;
  info?: unknown;
  state?: unknown;
  connections?: string[];
}

/** An event of a member. */
export interface MemberEvent {
  kind: "joined" | "left" | "changed";
  member: MemberView;
  at: number;
}

/** A connection that its guard accepted. */
export interface Agent {
  id: string;
  session: string;
  /** The subscriptions. */
  subscriptions: Set<string>;
  /** When it expires. */
  expiresAt?: number;
}

/** The server's end of one connection. */
export interface Peer {
  link: Link;
  openedAt: number;
  /** The session that identifies the publisher. */
  session: string;
  agent?: Agent | undefined;
  /** The denial; the socket then has no agent. */
  denial?: { code: string; error: string };
  /** When a frame last passed in either direction. */
  activeAt: number;
  /** Running subscriptions and unsubscriptions by channel. */
  operations: Map<string, number>;
  /** Revoked channels whose notice is in flight: no promise holds for them. */
  notices: Set<string>;
}

/** Settings of the deployment that a walk changes. */
export interface Policy {
  channelsPerFrame: number;
  messagesPerFrame: number;
  /** Channels that the subscription guard denies, with the code. */
  deniedSubscriptions: Map<string, string>;
  deniedUnsubscriptions: Map<string, string>;
  deniedPublications: Map<string, string>;
  /** Channels on which the guard denies states, with the code. */
  deniedStates: Map<string, string>;
  /** The code of the connection guard's denial. */
  deniedConnections?: string;
  /** Until when handshakes are refused, or whether they hang. */
  refusesUntil: number;
  hangs: boolean;
  /** Probability that a frame fails. */
  trouble: number;
  /** Probability that a post is late, lost or repeated. */
  postTrouble: number;
  /** Whether functions of 0.2.0 serve the deployment: without heartbeats, observers, states, `last` and tokens. */
  isOld: boolean;
  /** Validity of an agent in milliseconds; `undefined`: unlimited. */
  renewalMs?: number;
}

/** Fixed settings of the deployment. */
export interface Deployment {
  /** Interval of the clients' history checks, in milliseconds. */
  historyCheck: number;
  /** Interval in which members say that they are present, by version, in milliseconds. */
  presenceCheck: { new: number; old: number };
  /** How long a connection is present without saying so, by version, in milliseconds. */
  presenceLease: { new: number; old: number };
  /** Size of a history. */
  historySize: number;
  /** Messages in one history answer. */
  page: number;
  /** Maximum lifetime of a connection, in milliseconds. */
  lifetime: number;
  /** Whether denied sockets open to send the reason. */
  explains: boolean;
  /** The channels that the connection guard subscribes each agent to. */
  guardSubscribes: string[];
}

/** Receives the events of the server. */
export interface ServerObserver {
  /** The client sent an invalid frame. */
  malformed(text: string, why: string): void;
  /** An event of a member is sent to the subscribers of a channel. */
  announced(channel: string, event: MemberEvent): void;
  /** The client's connection has not said in time that it is present. */
  lapsed(channel: string, link: number): void;
  /** A publication was executed. */
  executed(publication: Publication): void;
  /** The publication with this number. */
  publication(n: number): Publication | undefined;
  /** Another client publishes on a channel. */
  other(channel: string): Publication;
  /** Adds a line to the trace. */
  note(line: () => string): void;
}
