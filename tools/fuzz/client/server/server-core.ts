import type { SeededRandom } from "../seeded-random.js";
import type { Clock } from "../clock.js";
import type { Link } from "../link.js";
import type { Publication } from "../publication.js";
import type { Position } from "../adapter.js";
import type { FrameOutcome } from "./frame-outcome.js";
import type { HistoryLog } from "./history-log.js";
import type { Members } from "./members.js";
import type { Agent, Deployment, Peer, Policy, ServerObserver, Target } from "./types.js";

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
  readonly members: Members;
  readonly publishing: {
    latest(channel: string): Publication | undefined;
  };
  log(channel: string): HistoryLog;
  close(peer: Peer, code: number, reason?: string): void;
  subscribe(peer: Peer, target: Target): void;
  unsubscribe(peer: Peer, channel: string): void;
  isSubscribed(peer: Peer, channel: string): boolean;
  post(peer: Peer, objects: object[], delivered?: () => void, lost?: () => void): void;
  answer(peer: Peer, objects: object[], outcome: FrameOutcome, lost?: () => void): void;
  expiryOf(agent: Agent): Record<string, number>;
  replay(channel: string, since: Position | undefined, most: number): Record<string, unknown>;
}
