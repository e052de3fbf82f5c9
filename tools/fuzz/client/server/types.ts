import type { SeededRandom } from "../seeded-random.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Position } from "../adapter.js";
import type { FrameOutcome } from "./frame-outcome.js";
import type { HistoryLog } from "./history-log.js";

/** A frame of the client, after its shape was checked. */
export interface ClientFrame {
  action: string;
  channel?: string;
  uuid: string;
  data?: Record<string, unknown> & { channels?: (string | Target)[]; channel?: string; since?: Position };
  messages?: OutgoingMessage[];
  echo?: boolean;
}

/** A channel that a frame subscribes to or unsubscribes from. */
export interface Target {
  channel: string;
  since?: Position;
}

/** A message in a publish frame; `data.n` says which publication it is. */
export interface OutgoingMessage {
  channel: string;
  uuid: string;
  data: { n: number };
  echo?: boolean;
}

/** What a connection is to the server, once its guard accepted it. */
export interface Agent {
  id: string;
  session: string;
  /** What it is subscribed to. */
  subscriptions: Set<string>;
  /** Until when it counts as present, by channel. */
  leases: Map<string, number>;
  /** Until when its guard vouches for it. */
  expiresAt?: number;
}

/** The server's end of one connection. */
export interface Peer {
  link: Link;
  openedAt: number;
  /** What the server knows its publisher by. */
  session: string;
  agent?: Agent | undefined;
  /** Why the connection guard said no; the socket then has no agent. */
  denial?: { code: string; error: string };
  /** When a frame last passed, in either direction. */
  activeAt: number;
  /** Operations under way, by channel: subscriptions and unsubscriptions. */
  operations: Map<string, number>;
  /** What the server has ended and the client is about to be told: no promise holds for these channels. */
  notices: Set<string>;
}

/** What the deployment decides: a walk changes it. */
export interface Policy {
  channelsPerFrame: number;
  messagesPerFrame: number;
  /** Channels to which the subscription guard says no, and with which code. */
  deniedSubscriptions: Map<string, string>;
  deniedUnsubscriptions: Map<string, string>;
  deniedPublications: Map<string, string>;
  /** What the connection guard says instead of yes. */
  deniedConnections?: string;
  /** Until when handshakes are refused, or hang. */
  refusesUntil: number;
  hangs: boolean;
  /** How likely a frame meets a failure. */
  trouble: number;
  /** How likely a post is late, lost or repeated. */
  postTrouble: number;
  /** For how many milliseconds the connection guard vouches; `undefined`: for ever. */
  renewalMs?: number;
}

/** What a walk decides about the deployment once. */
export interface Deployment {
  /** How often clients with history have to ask whether it has gone on, in milliseconds. */
  historyCheck: number;
  /** How long an agent counts as present, in milliseconds. */
  presenceLease: number;
  /** Messages that a history keeps. */
  historySize: number;
  /** Messages in one answer about a history. */
  page: number;
  /** How long API Gateway lets a connection live, in milliseconds. */
  lifetime: number;
  /** Whether denied sockets open, to say why. */
  explains: boolean;
  /** What the connection guard subscribes each agent to. */
  guardSubscribes: string[];
}

/** What the server tells the judges. */
export interface ServerObserver {
  /** The client sent what the protocol forbids. */
  malformed(text: string, why: string): void;
  /** A publication was carried out. */
  executed(publication: Publication): void;
  /** The publication with this number. */
  publication(n: number): Publication | undefined;
  /** Somebody else than the client publishes on a channel. */
  other(channel: string): Publication;
  /** A line for whoever reads a replay. */
  note(line: () => string): void;
}

/** The part of the server that the handlers of frames use. */
export interface ServerCore {
  readonly clock: Clock;
  readonly chance: SeededRandom;
  readonly policy: Policy;
  readonly deployment: Deployment;
  readonly observer: ServerObserver;
  readonly peers: Set<Peer>;
  readonly undeniedLeaves: Set<string>;
  readonly gone: { link: Link; subscriptions: Set<string>; at: number }[];
  readonly publishing: {
    readonly visitors: Map<string, Set<string>>;
    latest(channel: string): Publication | undefined;
  };
  log(channel: string): HistoryLog;
  close(peer: Peer, code: number, reason?: string): void;
  subscribe(peer: Peer, channel: string): void;
  unsubscribe(peer: Peer, channel: string): void;
  isSubscribed(peer: Peer, channel: string): boolean;
  post(peer: Peer, objects: object[], delivered?: () => void, lost?: () => void): void;
  answer(peer: Peer, objects: object[], outcome: FrameOutcome, lost?: () => void): void;
  expiryOf(agent: Agent): Record<string, number>;
  replay(channel: string, since: Position | undefined, most: number): Record<string, unknown>;
}
