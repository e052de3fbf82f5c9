import type { Permissions } from "../../core/authorization/permissions.js";
import type { Place } from "../../core/place.js";
import type { Log } from "../../core/log.js";
import type { ServiceResponse } from "../../core/http/json-services.js";
import { busName, DEFAULT_BUS } from "../../assembly/model/rules.js";
import { newEvent } from "./event.js";
import type { EventBuses } from "./buses.js";

/**
 * Most entries of one request.
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
const MAX_ENTRIES = 10;

/**
 * Most bytes that the entries of one request may have together.
 * @see https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
 */
export const MAX_BYTES = 1024 * 1024;

/**
 * What an entry's time counts for.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html
 */
const TIME_BYTES = 14;

/** What `PutEvents` is answered from. */
export interface PutEventsContext {
  buses: EventBuses;
  permissions: Pick<Permissions, "check" | "place">;
  log: Log;
  /** Epoch milliseconds. @default Date.now */
  now?: () => number;
  /** Is told the sizes of the events that were taken, in bytes, for what AWS bills. @default nothing is metered */
  meter?: { busEvents(sizes: number[]): void } | undefined;
}

/** An entry as the protocol has it; what is missing may be an error, of this entry alone. */
interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
  Resources?: string[];
  /** Epoch seconds. */
  Time?: number;
}

/** What came of one entry. */
type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

/**
 * Answers `PutEvents` as EventBridge does.
 * @param callerId the caller's logical id
 */
export const putEvents = (
  request: Record<string, unknown>,
  callerId: string,
  context: PutEventsContext,
): ServiceResponse => {
  const { Entries: entries } = request;
  if (!isEntries(entries)) return refuse("SerializationException", "Entries is not a list of entries.");
  if (entries.length < 1 || entries.length > MAX_ENTRIES) return refuse("ValidationException", lengthMessage(entries));
  const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
  if (bytes > MAX_BYTES)
    return refuse("ValidationException", "Total size of the entries in the request is over the limit.");
  const { place } = context.permissions;
  const calls = [...new Set(entries.map(busOf))].map((bus) => ({
    action: "events:PutEvents",
    resource: busArn(bus, place),
  }));
  const refusal = context.permissions.check(callerId, calls);
  if (refusal) return refuse("AccessDeniedException", refusal.message);
  const results = entries.map((entry) => put(entry, context));
  context.meter?.busEvents(entries.filter((_, at) => "EventId" in results[at]!).map(bytesOf));
  const failed = results.filter((result) => "ErrorCode" in result).length;
  return { status: 200, body: { FailedEntryCount: failed, Entries: results } };
};

const put = (entry: Entry, { buses, permissions, log, now = Date.now }: PutEventsContext): Result => {
  const { Source: source, DetailType: detailType, Detail: detail, Resources: resources = [], Time: time } = entry;
  if (!source) return missing("Source");
  if (!detailType) return missing("DetailType");
  if (!detail) return missing("Detail");
  if (source.startsWith("aws.")) return fail("NotAuthorizedForSourceException", "Not authorized for the source.");
  const parsed = objectOf(detail);
  if (!parsed) return fail("MalformedDetail", "Detail is malformed.");
  const at = time === undefined ? now() : time * 1000;
  const event = newEvent({ source, detailType, detail: parsed, resources, time: at }, permissions.place);
  const bus = busOf(entry);
  if (!buses.has(bus)) {
    // EventBridge accepts it all the same, and it reaches nobody.
    log({
      level: "warn",
      source: "events",
      message: `An event of ${source} was lost: there is no bus ${bus} in the template.`,
    });
  } else buses.put(bus, event);
  return { EventId: event.id };
};

const fail = (code: string, message: string): Result => ({ ErrorCode: code, ErrorMessage: message });

const missing = (name: string): Result =>
  fail("InvalidArgument", `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);

const refuse = (type: string, message: string): ServiceResponse => ({ status: 400, body: { __type: type, message } });

const TEXTS = ["Source", "DetailType", "Detail", "EventBusName", "TraceHeader"];

/** Whether members have the types that the protocol gives them. */
const isEntries = (value: unknown): value is Entry[] =>
  Array.isArray(value) &&
  value.every((each: unknown) => {
    if (typeof each !== "object" || each === null) return false;
    const { Resources: resources = [], Time: time = 0, ...entry } = each as Record<string, unknown>;
    const texts = TEXTS.every((name) => entry[name] === undefined || typeof entry[name] === "string");
    const listed = Array.isArray(resources) && resources.every((resource) => typeof resource === "string");
    return texts && listed && typeof time === "number" && isTime(time);
  });

/** Whether seconds are a time at all. */
const isTime = (seconds: number): boolean => !Number.isNaN(new Date(seconds * 1000).getTime());

const bytesOf = ({
  Source: source,
  DetailType: detailType,
  Detail: detail,
  Resources: resources = [],
  Time: time,
}: Entry): number => {
  const bytes = [source, detailType, detail, ...resources].reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ""),
    0,
  );
  return bytes + (time === undefined ? 0 : TIME_BYTES);
};

/** A bus is named by its name or its ARN. */
const busOf = ({ EventBusName: bus = DEFAULT_BUS }: Entry): string => busName(bus);

const busArn = (bus: string, { partition, region, account }: Place): string =>
  `arn:${partition}:events:${region}:${account}:event-bus/${bus}`;

const lengthMessage = (entries: Entry[]): string => {
  const bound = entries.length < 1 ? "greater than or equal to 1" : `less than or equal to ${MAX_ENTRIES}`;
  return `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length ${bound}`;
};

const objectOf = (text: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
