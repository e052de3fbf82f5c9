import type { Histories } from "../core/history.js";
import type { Latest } from "../core/latest.js";
import type { FlushTask, Lingering } from "../core/linger.js";
import type { Connections } from "../core/ports.js";
import { ManagementApi } from "./connections.js";
import { invokeFlush } from "./invoke-flush.js";
import { openHistories } from "./open-histories.js";
import { LatestTable } from "./latest-table.js";
import { LingerTable } from "./linger-table.js";
import { SegmentQueue } from "./segment-queue.js";
import { type Announce, createSystem, type System } from "./system.js";

/** What every Lambda that fans out works with. */
export interface FanOutSystem extends System {
  connections: Connections;
  segments: SegmentQueue;
}

/** What every Lambda that publishes works with. */
export interface PublishingSystem extends FanOutSystem {
  histories: Histories;
  latest: Latest;
  lingering: Lingering;
  invokeFlush: (task: FlushTask) => Promise<void>;
}

/**
 * Builds it from the environment that the construct sets. Once per execution environment.
 * @param announce as `createSystem` takes it
 */
export const createFanOut = (announce?: Announce): FanOutSystem => {
  const system = createSystem(announce);
  return { ...system, connections: new ManagementApi(system.log), segments: new SegmentQueue() };
};

/** Builds it from the environment that the construct sets. Once per execution environment. */
export const createPublishing = (): PublishingSystem => {
  const system = createFanOut();
  const { table, clock } = system;
  return {
    ...system,
    histories: openHistories(system),
    latest: new LatestTable(table, clock),
    lingering: new LingerTable(table, clock),
    invokeFlush: invokeFlush(clock),
  };
};
