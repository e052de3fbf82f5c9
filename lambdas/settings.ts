import {
  DEFAULT_DEDUPE_SECONDS,
  DEFAULT_PRESENCE_GRACE_MS,
  DEFAULT_TIMEOUTS,
} from "../protocol/deployment-defaults.js";
import type { ChannelPatterns } from "../protocol/channel-settings.js";
import { DEFAULT_LIMITS, type GuardTimeouts, type Limits } from "../protocol/index.js";

/** The construct's settings for every function, as JSON in the environment variable `PUSH_IT_SETTINGS`. */
export interface Settings {
  /** How long each guard may take, in milliseconds. */
  timeouts: GuardTimeouts;
  /** The patterns at or below which wildcard subscriptions are enabled, such as `stories/*`. */
  wildcards: string[];
  /** Options of single channels, by pattern. */
  channels: ChannelPatterns;
  /**
   * `explain`: a denied client that offered it gets a socket that only sends the reason; `refuse`: all get HTTP 403.
   */
  denials: "explain" | "refuse";
  /** Whether the credentials that the connection guard leaves in `agent.credentials` are stored for later guards. */
  keepCredentials: boolean;
  /** How long a publication may take to reach its subscribers after its guard has decided, in milliseconds. */
  fanOutMs: number;
  /** How many subscribers the publishing function posts to itself; workers post to all others. */
  fanOutThreshold: number;
  /** For how long a repeated publication on a channel with history is recognised, in seconds. */
  dedupeSeconds: number;
  /** How often subscribers of channels with history check for missed messages, in milliseconds. */
  checkMs: number;
  /** How long presence may be wrong after a connection has closed without a notice, in milliseconds. */
  presenceLeaseMs: number;
  /** How often a connection says that it is present, in milliseconds. */
  presenceHeartbeatMs: number;
  /** How long a member may be without a connection before its leave is announced, in milliseconds. */
  presenceGraceMs: number;
  /** How many connections the presence checker asks API Gateway about in a second. */
  presenceChecksPerSecond: number;
  limits: Limits;
  /**
   * The `Origin`s that may connect; empty: all. A handshake without an origin does not come from a browser, and is
   * allowed.
   */
  allowedOrigins: string[];
}

/** Default settings. */
export const DEFAULT_SETTINGS: Settings = {
  timeouts: DEFAULT_TIMEOUTS,
  wildcards: [],
  channels: {},
  denials: "explain",
  keepCredentials: true,
  fanOutMs: 10_000,
  fanOutThreshold: 2_000,
  dedupeSeconds: DEFAULT_DEDUPE_SECONDS,
  checkMs: 7 * 60_000,
  presenceLeaseMs: 120_000,
  presenceHeartbeatMs: 7 * 60_000,
  presenceGraceMs: DEFAULT_PRESENCE_GRACE_MS,
  presenceChecksPerSecond: 1_000,
  limits: DEFAULT_LIMITS,
  allowedOrigins: [],
};
