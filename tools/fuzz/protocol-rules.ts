/*
 * Independent implementation of docs/PROTOCOL.md, "Channel names" and "Sizes". The oracle does not share it with the
 * server, or it could not find the server's errors.
 */

const LETTERS = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:@=+,~!");
const ID_LETTERS = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

/** Maximum frame size, in bytes of UTF-8. */
export const MAX_FRAME_BYTES = 32_768;

/** Maximum size of a fragmented message, in bytes; the limit of API Gateway. */
export const MAX_MESSAGE_BYTES = 131_072;

/** Maximum depth of objects and lists. */
export const MAX_JSON_DEPTH = 256;

/** Maximum channels or messages in one frame. */
export const MAX_ITEMS_PER_FRAME = 25;

/** Messages that an idle agent may publish at once. */
export const PUBLISH_BURST = 200;

/** Requests that an agent may send at once: histories, presence, pings with content, and states. */
export const QUERY_BURST = { history: 200, presence: 100, pong: 10, state: 10 };

/** Maximum size of a member's state, in bytes of JSON. */
export const MAX_STATE_BYTES = 512;

/** Maximum length of `after` in a presence query. */
export const MAX_AFTER_LENGTH = 64;

/** Maximum subscriptions of an agent. A test makes sure that an episode has fewer names. */
export const MAX_SUBSCRIPTIONS = 100;

/** Maximum length and segments of a channel name. */
const MAX_NAME_LENGTH = 128;
const MAX_SEGMENTS = 8;

/** Whether a value is a valid uuid. */
export const isUuid = (value: unknown): value is string =>
  typeof value === "string" &&
  value.length >= 1 &&
  value.length <= 64 &&
  [...value].every((each) => ID_LETTERS.has(each));

/** Whether a name is `/meta` or below it. */
const isMeta = (name: string): boolean => name === "/meta" || name.slice(0, 6) === "/meta/";

/** Whether a name is a valid channel name, including `/meta`. */
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

/** Whether a subscription to `wildcard` matches the channel `name`. */
export const matchesSubscription = (wildcard: string, name: string): boolean => {
  const stem = stemOf(wildcard);
  return stem === undefined ? wildcard === name : name.startsWith(`${stem}/`) && name.length > stem.length + 1;
};

/**
 * Whether a deployment's pattern matches a channel. A `*` in the middle is one segment, and a `*` at the end is one or
 * more. A pattern that ends with `*` matches a wildcard in the same way.
 */
export const matchesPattern = (pattern: string, name: string): boolean => {
  const [wanted, segments] = [pattern.split("/"), name.split("/")];
  const fits = wanted.at(-1) === "*" ? segments.length >= wanted.length : segments.length === wanted.length;
  return fits && wanted.every((each, at) => each === "*" || each === segments[at]);
};

/** Whether a wildcard and a pattern that does not end with `*` have a channel in common. */
export const haveCommonChannel = (wildcard: string, pattern: string): boolean => {
  const [stem, wanted] = [(stemOf(wildcard) ?? "").split("/"), pattern.split("/")];
  return stem.length < wanted.length && stem.every((each, at) => wanted[at] === "*" || wanted[at] === each);
};

/** The most specific of the patterns that match a channel; `undefined` if there is none. */
export const mostSpecificPattern = (patterns: readonly string[], name: string): string | undefined => {
  // At the first difference, a name comes first, then a middle `*`, then a last `*`.
  const rank = (pattern: string): string => {
    const segments = pattern.split("/");
    return segments.map((each, at) => (each !== "*" ? "a" : at < segments.length - 1 ? "b" : "c")).join("");
  };
  return patterns.filter((each) => matchesPattern(each, name)).sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
};

/** A code for an invalid name, which no guard sees. */
export type NameError = "reserved_channel" | "bad_channel" | "wildcard";

/** The error of a name in a subscribe or unsubscribe frame. */
export const checkSubscriptionName = (name: string, enabled: readonly string[]): NameError | undefined => {
  if (isMeta(name)) return "reserved_channel";
  const stem = stemOf(name);
  if (stem === undefined) return isName(name) ? undefined : "bad_channel";
  if (!isName(stem)) return "bad_channel";
  return enabled.some((pattern) => stemOf(pattern) !== undefined && matchesPattern(pattern, name))
    ? undefined
    : "wildcard";
};

/** The error of a name in a publish frame. */
export const checkPublicationName = (name: string): NameError | undefined => {
  if (isMeta(name)) return "reserved_channel";
  if (stemOf(name) !== undefined) return "wildcard";
  return isName(name) ? undefined : "bad_channel";
};

/** The depth of a JSON value. Uses a list, because the value may be deeper than the stack. */
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
