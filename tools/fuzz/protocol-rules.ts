/*
 * docs/PROTOCOL.md, "Channel names" and "Sizes", said a second time: the oracle must not share its idea of them with the
 * server, or it could not find out that the server's is wrong.
 */

const LETTERS = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:@=+,~!");
const ID_LETTERS = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

/** Largest frame, in bytes of UTF-8. */
export const MAX_FRAME_BYTES = 32_768;

/** Largest message that may arrive in fragments, in bytes; API Gateway's. */
export const MAX_MESSAGE_BYTES = 131_072;

/** Deepest nesting of objects and lists. */
export const MAX_JSON_DEPTH = 256;

/** Most channels, or messages, of one frame. */
export const MAX_ITEMS_PER_FRAME = 25;

/** How many messages an agent may publish at once, after silence. */
export const PUBLISH_BURST = 200;

/** How many of its questions an agent may send at once: histories, who is there, and pings that carry something. */
export const QUERY_BURST = { history: 200, attendance: 100, pong: 10 };

/** Longest `after` of a question who is there, in characters. */
export const MAX_AFTER_LENGTH = 64;

/** Most channels that an agent is subscribed to: more than there are names in an episode, which a test makes sure of. */
export const MAX_SUBSCRIPTIONS = 100;

/** Longest channel name. */
const MAX_NAME_LENGTH = 128;
const MAX_SEGMENTS = 8;

/** Whether a value can be a frame's uuid. */
export const isUuid = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length >= 1 &&
  value.length <= 64 &&
  [...value].every((each) => ID_LETTERS.has(each));

/** Whether a name is `/meta` or below it. */
const isMeta = (name: string): boolean => name === "/meta" || name.slice(0, 6) === "/meta/";

/** Whether a name is a channel's, `/meta` among them. */
const isName = (name: string): boolean => {
  const segments = (name.startsWith("/") ? name.slice(1) : name).split("/");
  return (
    name.length <= MAX_NAME_LENGTH &&
    segments.length <= MAX_SEGMENTS &&
    segments.every((segment) => segment !== "" && [...segment].every((each) => LETTERS.has(each)))
  );
};

/** The part of a wildcard before `/*`; `undefined` for other names. */
const stemOf = (name: string): string | undefined => (name.endsWith("/*") ? name.slice(0, -2) : undefined);

/** Whether a subscription to `wildcard` hears what is published on `name`. */
export const matchesSubscription = (wildcard: string, name: string): boolean => {
  const stem = stemOf(wildcard);
  return stem === undefined ? wildcard === name : name.startsWith(`${stem}/`) && name.length > stem.length + 1;
};

/** A code with which a name is refused before any guard is asked. */
export type NameError = "reserved_channel" | "bad_channel" | "wildcard";

/** Why a name cannot be subscribed to or unsubscribed from. */
export const checkSubscriptionName = (name: string, enabled: readonly string[]): NameError | undefined => {
  if (isMeta(name)) return "reserved_channel";
  const stem = stemOf(name);
  if (stem === undefined) return isName(name) ? undefined : "bad_channel";
  if (!isName(stem)) return "bad_channel";
  const below = (pattern: string): boolean => name === pattern || stem.startsWith(`${stemOf(pattern)}/`);
  return enabled.some(below) ? undefined : "wildcard";
};

/** Why nothing can be published on a name. */
export const checkPublicationName = (name: string): NameError | undefined => {
  if (isMeta(name)) return "reserved_channel";
  if (stemOf(name) !== undefined) return "wildcard";
  return isName(name) ? undefined : "bad_channel";
};

/** How deep a JSON value is nested. Works through a list, because what is judged may be deeper than the stack. */
export const depthOf = (value: unknown): number => {
  let deepest = 0;
  const open: [unknown, number][] = [[value, 0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [each, depth] = next;
    if (typeof each !== "object" || each === null) continue;
    deepest = Math.max(deepest, depth + 1);
    for (const inner of Object.values(each)) open.push([inner, depth + 1]);
  }
  return deepest;
};
