import type { Histories } from "../history/history.js";
import type { Latest } from "../publish/latest.js";
import type { FlushTask, LingerLog } from "../linger/linger.js";
import type { Connections } from "../ports.js";
import { ManagementApi } from "./api-gateway/management-api.js";
import { invokeFlush } from "./lambda/invoke-flush.js";
import { openHistories } from "./open-histories.js";
import { LatestTable } from "./dynamodb/latest-table.js";
import { LingerTable } from "./dynamodb/linger-table.js";
import { SegmentQueue } from "./sqs/segment-queue.js";
import { type Announce, createDependencies, type Dependencies } from "./create-dependencies.js";

/** The ports of functions that fan out. */
export interface FanOutSystemDependencies extends Dependencies {
  connections: Connections;
  segments: SegmentQueue;
}

/** The ports of functions that publish. */
export interface PublishSystemDependencies extends FanOutSystemDependencies {
  histories: Histories;
  latest: Latest;
  lingering: LingerLog;
  invokeFlush: (task: FlushTask) => Promise<void>;
}

/**
 * Creates the ports from the construct's environment variables, once for each execution environment.
 * @param announce as in `createDependencies`
 */
export const createFanOutDependencies = (announce?: Announce): FanOutSystemDependencies => {
  const system = createDependencies(announce);
  return { ...system, connections: new ManagementApi(system.log), segments: new SegmentQueue() };
};

/** Creates the ports from the construct's environment variables, once for each execution environment. */
export const createPublishDependencies = (): PublishSystemDependencies => {
  const system = createFanOutDependencies();
  const { table, clock } = system;
  return {
    ...system,
    histories: openHistories(system),
    latest: new LatestTable(table, clock),
    lingering: new LingerTable(table, clock),
    invokeFlush: invokeFlush(clock),
  };
};
