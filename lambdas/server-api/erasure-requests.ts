import { DEFAULT_LIMITS, isUserId, type Position, MAX_USER_ID_LENGTH } from "../../protocol/index.js";
import { publicationError } from "../subscriptions/channel-rules.js";
import { isObject, readPosition } from "../requests/frame-parser.js";

/** The deleting requests of the server API. */
export const ERASURES = ["deleteMessage", "deleteHistory", "forgetUser"] as const;

/** A deleting request. */
export type ErasureRequest =
  | { kind: "deleteMessage"; channel: string; position: Position }
  | { kind: "deleteHistory"; channel: string; isContinued: boolean }
  | { kind: "forgetUser"; userId: string; after: string | undefined };

/** Reads a deleting request; an invalid one is refused with the reason. */
export const readErasure = (
  kind: ErasureRequest["kind"],
  value: unknown,
): { request: ErasureRequest } | { error: string } => {
  const { channel, position, userId, after, continue: isContinued = false } = isObject(value) ? value : {};
  if (kind === "forgetUser") {
    if (!isUserId(userId))
      return { error: `"forgetUser.userId" must be the id of a user: 1 to ${MAX_USER_ID_LENGTH} characters.` };
    if (after !== undefined && !isCursor(after))
      return { error: '"forgetUser.after" must be "more" of the last response.' };
    return { request: { kind, userId, after } };
  }
  if (typeof channel !== "string" || publicationError(channel, { limits: DEFAULT_LIMITS }))
    return { error: `"${kind}.channel" must be a channel name.` };
  if (kind === "deleteHistory") {
    if (typeof isContinued !== "boolean") return { error: '"deleteHistory.continue" must be true or false.' };
    return { request: { kind, channel, isContinued } };
  }
  const at = readPosition(position);
  return at
    ? { request: { kind, channel, position: at } }
    : { error: '"deleteMessage.position" must be a position: { epoch, offset }.' };
};

/** Whether a text is the end of a page of the table; an empty text is the beginning. */
const isCursor = (after: unknown): after is string => {
  if (typeof after !== "string") return false;
  if (after === "") return true;
  try {
    const key: unknown = JSON.parse(Buffer.from(after, "base64url").toString());
    return Array.isArray(key) && key.length === 2 && key.every((part) => typeof part === "string" && part !== "");
  } catch {
    return false;
  }
};
