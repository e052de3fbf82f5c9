import type { HistorySettings } from "./channel-settings.js";
import type { GuardTimeouts } from "./frames.js";

/*
 * The defaults of a deployment that the functions, the construct and the fake for tests share.
 */

/** Default timeouts of guards, in milliseconds. */
export const DEFAULT_TIMEOUTS: GuardTimeouts = {
  onConnectionRequest: 10_000,
  onSubscriptionRequest: 1_000,
  onPublicationRequest: 1_000,
  onUnsubscriptionRequest: 1_000,
  onPresenceRequest: 1_000,
  onMessageReceived: 1_000,
  onDisconnect: 1_000,
};

/** The default history of a channel that has one. */
export const DEFAULT_HISTORY: HistorySettings = { size: 1_000, seconds: 24 * 60 * 60 };

/** How long a member may be without a connection before its leave is announced, in milliseconds. */
export const DEFAULT_PRESENCE_GRACE_MS = 5_000;

/** How long a repeated publication is recognised, in seconds. */
export const DEFAULT_DEDUPE_SECONDS = 15 * 60;
