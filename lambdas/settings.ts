import type { ChannelPatterns } from "../protocol/channel-settings.js";
import { DEFAULT_LIMITS, type GuardTimeouts, type Limits } from "../protocol/index.js";

/** What the construct tells every function, as JSON in the environment variable `PUSH_IT_SETTINGS`. */
export interface Settings {
  /** How long each guard may take, in milliseconds. */
  timeouts: GuardTimeouts;
  /** The patterns at or below which wildcard subscriptions are enabled, such as `stories/*`. */
  wildcards: string[];
  /** What is special about single channels, by pattern. */
  channels: ChannelPatterns;
  /** `explain`: a denied client that asked for it gets a socket that only tells the reason; `refuse`: everyone gets 403. */
  denials: "explain" | "refuse";
  /** Whether what the connection guard leaves in `agent.credentials` is kept for later guards. */
  keepCredentials: boolean;
  /** How long a publication may spend on reaching its subscribers once its guard has decided, in milliseconds. */
  fanOutMs: number;
  /** How many subscribers a publication is posted to by the function that publishes; workers post to all others. */
  fanOutThreshold: number;
  /** For how long a message that is published again on a channel with history is known again, in seconds. */
  dedupeSeconds: number;
  /** How often subscribers of channels with history ask whether they have missed something, in milliseconds. */
  checkMs: number;
  /** How long an agent counts as present without saying so again, in milliseconds. */
  presenceLeaseMs: number;
  limits: Limits;
  /** The `Origin`s that may connect; empty: all. Who sends none is no browser, and is not stopped by this. */
  allowedOrigins: string[];
}

/** Guard timeouts where nothing else is said, in milliseconds: the seed's, and a second for what the seed left open. */
export const DEFAULT_TIMEOUTS: GuardTimeouts = {
  onConnectionRequest: 10_000,
  onSubscriptionRequest: 1_000,
  onPublicationRequest: 1_000,
  onUnsubscriptionRequest: 1_000,
  onMessageReceived: 1_000,
  onDisconnect: 1_000,
};

/** Settings where nothing else is said. */
export const DEFAULT_SETTINGS: Settings = {
  timeouts: DEFAULT_TIMEOUTS,
  wildcards: [],
  channels: {},
  denials: "explain",
  keepCredentials: true,
  fanOutMs: 10_000,
  fanOutThreshold: 2_000,
  dedupeSeconds: 15 * 60,
  checkMs: 5 * 60_000,
  presenceLeaseMs: 120_000,
  limits: DEFAULT_LIMITS,
  allowedOrigins: [],
};
