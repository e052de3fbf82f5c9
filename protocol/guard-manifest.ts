import { intersection, isPattern, mostSpecific } from "./channel-patterns.js";
import { isChannelName, isWildcard } from "./index.js";

/** The names of the guards. */
export const HANDLERS = [
  "onConnectionRequest",
  "onSubscriptionRequest",
  "onPublicationRequest",
  "onMessageReceived",
  "onUnsubscriptionRequest",
  "onPresenceRequest",
  "onDisconnect",
] as const;

/** The name of a guard. */
export type HandlerName = (typeof HANDLERS)[number];

/** The subject of a guard's decision, for reasons that clients read. */
export const GUARD_SUBJECTS: Record<HandlerName, string> = {
  onConnectionRequest: "connection",
  onSubscriptionRequest: "subscription",
  onPublicationRequest: "publication",
  onUnsubscriptionRequest: "unsubscription",
  onPresenceRequest: "presence state",
  onMessageReceived: "delivery",
  onDisconnect: "departure",
};

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
  const wrong = Object.keys(manifest).find((entry) => entry !== DEFAULT_ENTRY && !isPattern(entry, isChannelName));
  return wrong === undefined
    ? undefined
    : `"${wrong}" is neither a channel name nor a pattern such as "private/*" or "rooms/*/typing"`;
};

/** The most specific entry that defines a guard for all channels of `name`, or the default entry. */
const deciding = (manifest: Manifest, handler: HandlerName, name: string): string | undefined => {
  const defined = Object.keys(manifest).filter((entry) => manifest[entry]?.includes(handler));
  return mostSpecific(defined.filter(isNamed), name) ?? defined.find((entry) => entry === DEFAULT_ENTRY);
};

const isNamed = (entry: string): boolean => entry !== DEFAULT_ENTRY;

/**
 * The entries whose guards decide about a channel: the most specific entry that defines the guard. For a wildcard: the
 * entry that covers it, and each that covers a part of it, because all must agree. Empty: no guard decides, so the
 * channel is open.
 */
export const entriesFor = (manifest: Manifest, handler: HandlerName, channel: string): string[] => {
  const parts = isWildcard(channel)
    ? Object.keys(manifest)
        .filter(isNamed)
        .map((entry) => intersection(entry, channel))
    : [];
  const found = [channel, ...parts].map((name) => name !== undefined && deciding(manifest, handler, name));
  return [...new Set(found.filter((entry) => typeof entry === "string"))];
};
