import type { SegmentQueuePort } from "./delivery/segments.js";
import type { Histories } from "./history/history.js";
import type { FlushTask, LingerLog } from "./linger/linger.js";
import type { Clock, Connections, GuardPort, Log, Store } from "./ports.js";
import type { Liveness } from "./presence/liveness.js";
import type { Members } from "./presence/members.js";
import type { Occupancy, WakeUps } from "./presence/occupancy.js";
import type { Latest } from "./publish/latest.js";
import type { Erasure } from "./server-api/erasure.js";
import type { ServerEvents } from "./server-api/server-events.js";
import type { Settings } from "./settings.js";

/**
 * Every port of the domain. No function of the domain needs all of them: each names the ports it needs by
 * `Pick<Dependencies, …>`. The adapters in `aws/` implement the ports, and tests have them in memory.
 */
export interface Dependencies {
  /** Connections, agents and subscriptions. */
  store: Store;
  /** The developer's guards. */
  guards: GuardPort;
  /** API Gateway's open connections. */
  connections: Connections;
  /** The queue of segments, which fan-out workers deliver. */
  segments: SegmentQueuePort;
  /** The histories of channels with `history`. */
  histories: Histories;
  /** The latest messages of channels with `latest`. */
  latest: Latest;
  /** The logs of channels that linger. */
  lingering: LingerLog;
  /** Starts a linger flusher. Rejects unless the flusher is certain to run. */
  invokeFlush: (task: FlushTask) => Promise<void>;
  /** The members of channels with `presence`. */
  members: Members;
  /** The connections that are members of channels with `presence`. */
  liveness: Liveness;
  /** The channels with `presence` that have members. */
  occupancy: Occupancy;
  /** Has the queue start runs of the presence notifier later. */
  wakeUps: WakeUps;
  /** Deletes messages and histories. */
  erasure: Erasure;
  /** Sends events to the application's event bus. */
  events: ServerEvents;
  settings: Settings;
  clock: Clock;
  log: Log;
  /** Makes a new uuid. */
  newUuid: () => string;
}
