import type { Place } from "../../core/place.js";
import { randomUUID } from "node:crypto";

/**
 * An event on a bus.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
export interface BusEvent {
  version: string;
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  /** ISO 8601, in seconds. */
  time: string;
  region: string;
  resources: string[];
  detail: object;
}

/** The sender's fields of an event. EventBridge adds the others. */
export interface EventFacts {
  source: string;
  detailType: string;
  detail: object;
  resources?: string[];
  /** Epoch milliseconds. */
  time: number;
}

/** An event as EventBridge makes it of an entry. */
export const newEvent = ({ source, detailType, detail, resources = [], time }: EventFacts, place: Place): BusEvent => ({
  version: "0",
  id: randomUUID(),
  "detail-type": detailType,
  source,
  account: place.account,
  time: isoSeconds(time),
  region: place.region,
  resources,
  detail,
});

/** A time as EventBridge writes it: `2026-11-23T18:00:00Z`. */
export const isoSeconds = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}Z`;

/** A complete event, as an AWS service puts it on the default bus; `undefined`: it is none. */
export const completeEvent = (value: unknown): BusEvent | undefined => {
  if (typeof value !== "object" || value === null) return undefined;
  const event = value as Record<string, unknown>;
  const texts = ["version", "id", "detail-type", "source", "account", "time", "region"];
  if (!texts.every((name) => typeof event[name] === "string")) return undefined;
  const { resources, detail } = event;
  const listed = Array.isArray(resources) && resources.every((each) => typeof each === "string");
  return listed && typeof detail === "object" && detail !== null && !Array.isArray(detail)
    ? (value as BusEvent)
    : undefined;
};
