import { isWildcard } from "./channel.js";

/*
 * Patterns of channels, as a deployment and its guards name them: the grammar of docs/PROTOCOL.md, "Patterns".
 */

/** A middle segment of a pattern that stands for any one segment. As the last segment it stands for one or more. */
const ANY = "*";

/**
 * Whether `pattern` is a pattern: a channel name in which segments after the first may be `*`.
 * @param isName whether a name may be a channel's name, within the limits that count
 */
export const isPattern = (pattern: string, isName: (name: string) => boolean): boolean => {
  const [first = "", ...others] = withoutTail(pattern).split("/");
  const start = first === "" ? others.shift() : first;
  // A letter is in every channel name, whatever the limits are.
  const example = [start, ...others.map((segment) => (segment === ANY ? "x" : segment))].join("/");
  return start !== ANY && isName(first === "" ? `/${example}` : example);
};

const withoutTail = (pattern: string): string => (isWildcard(pattern) ? pattern.slice(0, -2) : pattern);

/**
 * Whether a pattern matches every channel that `name` stands for: a channel itself, or all channels of a wildcard or
 * of another pattern.
 * @example
 * covers("rooms/*\/typing", "rooms/5/typing") // true
 * covers("rooms/*", "rooms/5/*") // true
 */
export const covers = (pattern: string, name: string): boolean => intersection(pattern, name) === name;

/**
 * The pattern of the channels that two patterns have in common. A channel and a wildcard are patterns too.
 * @returns `undefined` if no channel matches both
 * @example
 * intersection("rooms/*\/typing", "rooms/5/*") // "rooms/5/typing"
 */
export const intersection = (a: string, b: string): string | undefined => {
  const [short, long] = [a.split("/"), b.split("/")].sort((one, other) => one.length - other.length) as [
    string[],
    string[],
  ];
  if (short.length < long.length && short.at(-1) !== ANY) return undefined;
  const common: string[] = [];
  for (const [at, segment] of long.entries()) {
    const other = short[at] ?? ANY;
    if (segment !== ANY && other !== ANY && segment !== other) return undefined;
    common.push(segment === ANY ? other : segment);
  }
  return common.join("/");
};

/**
 * Orders patterns: of two that match one channel, the more specific one comes first. At the first segment in which they
 * differ, a name comes before `*`, and a `*` in the middle before the last one.
 */
export const bySpecificity = (a: string, b: string): number => {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const [one, other] = [rank(left, at), rank(right, at)];
    if (one !== other) return one - other;
    if (left[at] !== right[at]) return left[at]! < right[at]! ? -1 : 1;
  }
  return right.length - left.length;
};

const rank = (segments: readonly string[], at: number): number =>
  segments[at] !== ANY ? 0 : at < segments.length - 1 ? 1 : 2;

/** The most specific of the patterns that cover `name`; `undefined` if there is none. */
export const mostSpecific = (patterns: readonly string[], name: string): string | undefined =>
  patterns.filter((pattern) => covers(pattern, name)).sort(bySpecificity)[0];
