import { DEFAULT_MESSAGES } from "../../../../protocol/code-messages.js";
import type { Code } from "../../../../protocol/codes.js";
import { Meta, type MetaChannel, type Reply } from "../../../../protocol/frames.js";
import type { Json } from "../../../../protocol/json.js";
import { MAX_CHANNEL_LENGTH, MAX_FRAME_BYTES } from "../../../../protocol/limits.js";
import { utf8 } from "../../platform/text.js";

/** A valid frame of a client. The SDK sends no other frames. */
export interface ClientFrame {
  action: string;
  uuid: string;
  channel?: string;
  data?: Json;
  messages?: object[];
}

/** Bytes of a value as JSON in UTF-8. */
export const bytesOf = (value: unknown): number => utf8(JSON.stringify(value)).length;

/** A reply that refuses a request. */
export const failure = (channel: MetaChannel, uuid: string, code: Code, reason?: string, data?: Json): Reply => ({
  channel,
  uuid,
  successful: false,
  error: reason || DEFAULT_MESSAGES[code],
  code,
  ...(data !== undefined && { data }),
});

/** A reply that grants a request. */
export const success = (channel: MetaChannel, uuid: string, data?: unknown): Reply => ({
  channel,
  uuid,
  successful: true,
  ...(data !== undefined && { data: data as Json }),
});

/** `data` that says which channel a reply is about. */
export const about = (channel: string): { channel: string } => ({
  channel: channel.slice(0, MAX_CHANNEL_LENGTH + "/*".length),
});

/** The meta channel of an action. */
export const metaOf = (action: string): MetaChannel =>
  action === "heartbeat"
    ? Meta.ping
    : action === "state"
      ? Meta.presence
      : action === "publish" || action === "send"
        ? Meta.error
        : (`/meta/${action}` as MetaChannel);

/** How many of some texts fit the rest of a frame, from the first on. */
export const countFitting = (items: readonly unknown[], room: number): number => {
  let left = room;
  const end = items.findIndex((item) => (left -= bytesOf(item) + 1) < 0);
  return end < 0 ? items.length : end;
};

/** The room for messages in a frame of replies. */
export const roomIn = (replies: readonly unknown[], reserved = 512): number =>
  MAX_FRAME_BYTES - reserved - bytesOf(replies);
