import type { Json, Position } from "../../protocol/index.js";
import { isJsonObject, type JsonObject } from "../lib/json.js";
import type { ContentCheck } from "./prediction.js";
import { isUuid } from "./protocol-rules.js";

/** A field of the object itself; `undefined` if it only inherits the field. */
export const own = (fields: JsonObject, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

/** The uuid of a frame or message, if it is valid. */
export const uuidIn = (value: unknown): { uuid?: string } => {
  const uuid = isJsonObject(value) ? own(value, "uuid") : undefined;
  return isUuid(uuid) ? { uuid } : {};
};

/** Whether a value is a position in a channel's history. */
const isPosition = (value: unknown): value is Position => {
  if (!isJsonObject(value)) return false;
  const [epoch, offset] = [own(value, "epoch"), own(value, "offset")];
  return typeof epoch === "string" && epoch.length <= 64 && Number.isSafeInteger(offset) && (offset as number) >= 0;
};

/** A requested channel. `invalidSince`: `since` is not a position, and so on. */
export interface Target {
  channel: string;
  since?: Position;
  invalidSince?: boolean;
  /** How many of the newest messages it requests. */
  last?: number;
  invalidLast?: boolean;
  /** `false`: the agent observes. */
  present?: boolean;
  invalidPresent?: boolean;
  token?: Json;
  /** Its token is too large. */
  largeToken?: boolean;
}

/** Maximum size of a token, in bytes of JSON. */
const TOKEN_BYTES = 2_048;

/** Whether an object has a token that is too large. */
export const hasLargeToken = (fields: JsonObject): boolean => {
  const token = own(fields, "token");
  return token !== undefined && Buffer.byteLength(JSON.stringify(token)) > TOKEN_BYTES;
};

/** Whether a value can be a number of messages of one reply. */
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 100;

/** Reads a target; `undefined` if it is malformed. */
export const targetOf = (target: unknown): Target | undefined => {
  if (typeof target === "string") return { channel: target };
  const channel = isJsonObject(target) ? own(target, "channel") : undefined;
  if (!isJsonObject(target) || typeof channel !== "string") return undefined;
  const since = own(target, "since");
  const [last, present, token] = [own(target, "last"), own(target, "present"), own(target, "token")];
  return {
    channel,
    ...(present !== undefined && (typeof present === "boolean" ? { present } : { invalidPresent: true })),
    ...(token !== undefined && { token: token as Json }),
    ...(since !== undefined && (isPosition(since) ? { since } : { invalidSince: true })),
    ...(last !== undefined && (isCount(last) ? { last } : { invalidLast: true })),
    ...(hasLargeToken(target) && { largeToken: true }),
  };
};

/** Reads the targets of a subscribe or unsubscribe frame; `undefined` if they are malformed. */
export const targetsOf = (data: unknown): Target[] | undefined => {
  if (!isJsonObject(data)) return undefined;
  const wanted: unknown = typeof own(data, "channel") === "string" ? [data] : own(data, "channels");
  if (!Array.isArray(wanted) || wanted.length === 0) return undefined;
  const targets = wanted.map(targetOf);
  return targets.every((target) => target !== undefined) ? targets : undefined;
};

/** The content of a ping: up to 100 positions and 100 channels; `undefined` if it is malformed. */
export const pingContent = (
  frame: JsonObject,
  isHeartbeat: boolean,
): Extract<ContentCheck, { kind: "pong" }> | undefined => {
  const data = Object.hasOwn(frame, "data") ? frame["data"] : {};
  if (!isJsonObject(data)) return undefined;
  const positions = Object.hasOwn(data, "positions") ? data["positions"] : {};
  const present: unknown = Object.hasOwn(data, "presentChannels") ? data["presentChannels"] : [];
  if (
    !isJsonObject(positions) ||
    !Array.isArray(present) ||
    present.length > 100 ||
    Object.keys(positions).length > 100
  )
    return undefined;
  const entries = Object.entries(positions).flatMap(([name, value]): [string, Position][] =>
    isPosition(value) ? [[name, value]] : [],
  );
  const names = present.filter((name) => typeof name === "string");
  const all = entries.length === Object.keys(positions).length && names.length === present.length;
  return all ? { kind: "pong", positions: entries, present: names, isHeartbeat } : undefined;
};
