import { isChannelName, isWildcard, matches } from "./index.js";

/** The names of the guards, as the seed spells them. */
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

/** The entry that holds the guards which no channel pattern overrides. */
export const DEFAULT_ENTRY = "";

/** Which guards a module defines: by entry (`DEFAULT_ENTRY`, a channel, or a pattern such as `private/*`). */
export type Manifest = Record<string, HandlerName[]>;

/** Guards that are not about a channel. */
const NOT_PER_CHANNEL: readonly HandlerName[] = ["onConnectionRequest", "onDisconnect"];

/** What is wrong with a manifest's entries; `undefined` when nothing is. */
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
 * Whose guard decides about a channel: the most specific entry that defines it. For a wildcard: the entry that covers
 * it, and every entry that covers a part of it, for each must agree. Empty: nobody guards it, so it is open.
 */
export const entriesFor = (manifest: Manifest, handler: HandlerName, channel: string): string[] => {
  const names = [channel];
  if (isWildcard(channel)) names.push(...Object.keys(manifest).filter((entry) => matches(channel, entry)));
  const found = names.map((name) => mostSpecific(manifest, handler, name));
  return [...new Set(found.filter((entry) => entry !== undefined))];
};
