import type { Clock } from "../clock.js";
import type { Deployment } from "../options.js";
import type { Peer } from "./agent.js";
import type { Delivery } from "./delivery.js";
import type { Guards } from "./guards.js";
import type { Histories } from "./histories.js";
import type { Members } from "./members.js";

/** The part of the server that its handlers of frames use. */
export interface ServerCore {
  readonly deployment: Deployment;
  readonly clock: Clock;
  readonly guards: Guards;
  readonly histories: Histories;
  readonly members: Members;
  readonly delivery: Delivery;
  post(peer: Peer, objects: readonly object[]): void;
  subscribed(peer: Peer, channels: readonly string[], wishes?: ReadonlyMap<string, boolean>): void;
  unsubscribed(peer: Peer, channel: string): void;
}
