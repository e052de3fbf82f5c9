import { isChannelName, isWildcard, matches } from "./index.js";

/** The names of the guards. */
export const HANDLERS = [
  "onConnectionRequest",
  "onSubscriptionRequest",
  "onPublicationRequest",
  "onMessageReceived",
  "onUnsubscriptionRequest",
  "onDisconnect",
] as const;

/** The name of a guard. */
export type HandlerName = (typeof HANDLERS)[number];

/** The key of the guards that apply if no channel pattern overrides them. */
export const DEFAULT_ENTRY = "";

/** The guards that a module defines, by entry: `DEFAULT_ENTRY`, a channel, or a pattern such as `private/*`. */
export type Manifest = Record<string, HandlerName[]>;

/** Guards that are not about a channel. */
const NOT_PER_CHANNEL: readonly HandlerName[] = ["onConnectionRequest", "onDisconnect"];

/** An error in a manifest, or `undefined` if it has none. */
export const manifestError = (manifest: Manifest): string | undefined => {
  for (const [entry, handlers] of Object.entries(manifest)) {
    const stray = handlers.find((handler) => entry !== DEFAULT_ENTRY && NOT_PER_CHANNEL.includes(handler));
    if (stray) return `"${entry}" has ${stray}, which would never run: it is not about a channel`;
  }
  const wrong = Object.keys(manifest).find(
    (entry) => entry !== DEFAULT_ENTRY && !isChannelName(isWildcard(entry) ? entry.slice(0, -2) : entry),
  );
  return wrong === undefined ? undefined : `"${wrong}" is neither a channel name nor a pattern such as "private/*"`;
};

/** Whether every channel that `name` (a channel or a wildcard) stands for falls under `entry`. */
const covers = (entry: string, name: string): boolean =>
  entry === DEFAULT_ENTRY || entry === name || matches(entry, name);

/** Exact names before patterns, long patterns before short ones, the default last. */
const bySpecificity = (a: string, b: string): number =>
  Number(isWildcard(a)) - Number(isWildcard(b)) || b.length - a.length;

const mostSpecific = (manifest: Manifest, handler: HandlerName, name: string): string | undefined =>
  Object.keys(manifest)
    .filter((entry) => covers(entry, name) && manifest[entry]?.includes(handler))
    .sort((a, b) => Number(a === DEFAULT_ENTRY) - Number(b === DEFAULT_ENTRY) || bySpecificity(a, b))[0];

/**
 * The entries whose guards decide about a channel: the most specific entry that defines the guard. For a wildcard: the
 * entry that covers it, and each that covers a part of it, because all must agree. Empty: no guard decides, so the
 * channel is open.
 */
export const entriesFor = (manifest: Manifest, handler: HandlerName, channel: string): string[] => {
  const names = [channel];
  if (isWildcard(channel)) names.push(...Object.keys(manifest).filter((entry) => matches(channel, entry)));
  const found = names.map((name) => mostSpecific(manifest, handler, name));
  return [...new Set(found.filter((entry) => entry !== undefined))];
};
