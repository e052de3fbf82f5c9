import { isJsonObject } from "../../../lib/json.js";
import { metaChannel } from "./wire-format.js";

/** Maximum frame size in bytes. */
const FRAME_BYTES = 32_768;

/** Maximum channels in one ping. */
const CHANNELS_PER_PING = 100;

/** Maximum messages in one reply about a history. */
const MESSAGES_PER_REPLY = 100;

const ID = /^[\w-]{1,64}$/;
const META = ["connect", "subscribe", "unsubscribe", "ping", "heartbeat", "refresh", "history", "presence", "state"];

/** Maximum size of a state as JSON, in bytes. */
const STATE_BYTES = 512;

/** Whether a value is a position of the protocol. */
const isPosition = (value: unknown): boolean =>
  isJsonObject(value) &&
  typeof value["epoch"] === "string" &&
  value["epoch"] !== "" &&
  Number.isSafeInteger(value["offset"]) &&
  (value["offset"] as number) >= 0;

const isTarget = (value: unknown): boolean =>
  typeof value === "string" ||
  (isJsonObject(value) &&
    typeof value["channel"] === "string" &&
    (value["since"] === undefined || isPosition(value["since"])) &&
    (value["last"] === undefined || isCount(value["last"])) &&
    (value["present"] === undefined || typeof value["present"] === "boolean"));

/** Whether a value is a number of messages of one reply. */
const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MESSAGES_PER_REPLY;

const messageError = (message: unknown): string | undefined => {
  if (!isJsonObject(message)) return "a message is not an object";
  if (typeof message["channel"] !== "string") return "a message has no channel";
  if (!ID.test(String(message["uuid"]))) return "a message has a bad uuid";
  if (!("data" in message)) return "a message has no data";
  if (message["echo"] !== undefined && typeof message["echo"] !== "boolean") return "echo is not a boolean";
  return undefined;
};

const dataError = (action: string, data: unknown): string | undefined => {
  if (action === "connect") return undefined;
  const isPing = action === "ping" || action === "heartbeat";
  if (data === undefined) return isPing || action === "refresh" ? undefined : "data is missing";
  if (!isJsonObject(data)) return "data is not an object";
  if (action === "subscribe" || action === "unsubscribe") {
    const targets = "channels" in data ? data["channels"] : [data];
    if (!Array.isArray(targets) || targets.length === 0) return "channels is not a list of channels";
    if (!targets.every(isTarget)) return "a channel, its `since`, `last` or `present` is invalid";
    const names = targets.map((target) =>
      typeof target === "string" ? target : (target as { channel: string }).channel,
    );
    return new Set(names).size < names.length ? "a channel is named twice" : undefined;
  }
  if (isPing)
    for (const value of Object.values(data)) {
      if (typeof value !== "object" || value === null) return "a ping's data is invalid";
      if (Object.keys(value).length > CHANNELS_PER_PING) return "a ping has too many channels";
      if (!Array.isArray(value) && !Object.values(value).every(isPosition)) return "a ping's positions are invalid";
    }
  if (["history", "presence", "state"].includes(action) && typeof data["channel"] !== "string")
    return "the channel is missing";
  if (action === "state" && !("state" in data)) return "the state is missing";
  if (action === "state" && JSON.stringify(data["state"]).length > STATE_BYTES) return "the state is too large";
  if (action === "history" && data["limit"] !== undefined && !isCount(data["limit"])) return "`limit` is not a count";
  if (action === "history" && data["since"] !== undefined && !isPosition(data["since"]))
    return "`since` is not a position";
  return undefined;
};

/** The error in a frame of the client; `undefined`: none. The SDK must not send invalid frames. */
export const frameError = (text: string): string | undefined => {
  if (text.length > FRAME_BYTES) return "the frame is too large";
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return "the frame is not JSON";
  }
  if (!isJsonObject(frame)) return "the frame is not an object";
  const action = String(frame["action"]);
  if (action === "publish" || action === "send") {
    const messages = frame["messages"] ?? [frame];
    if (!Array.isArray(messages) || messages.length === 0) return "messages is not a list of messages";
    return messages.map(messageError).find(Boolean);
  }
  if (!META.includes(action)) return `there is no action ${action}`;
  if (frame["channel"] !== metaChannel(action)) return "the channel is not the action's";
  if (!ID.test(String(frame["uuid"]))) return "the uuid is invalid";
  return dataError(action, frame["data"]);
};
