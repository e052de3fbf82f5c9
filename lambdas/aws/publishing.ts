import type { Segments } from "../core/segments.js";
import { ManagementApi } from "./connections.js";
import { SegmentQueue } from "./segment-queue.js";
import { createSystem, type System } from "./system.js";

/** What every Lambda that publishes works with. */
export interface PublishingSystem extends System {
  connections: ManagementApi;
  segments: Segments;
}

/** Builds it from the environment that the construct sets. Once per execution environment. */
export const createPublishing = (): PublishingSystem => {
  const system = createSystem();
  return { ...system, connections: new ManagementApi(system.log), segments: new SegmentQueue() };
};
