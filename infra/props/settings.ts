import { isPattern } from "../../protocol/channel-patterns.js";
import { HISTORY_MARGIN_SECONDS } from "../../protocol/deployment.js";
import { type Duration, Token } from "aws-cdk-lib";
import type { IConstruct } from "constructs";
import { DEFAULT_SETTINGS, type Settings } from "../../lambdas/settings.js";
import { type GuardTimeouts, isWildcard, type Limits, isAllowedChannelName } from "../../protocol/index.js";
import { resolveChannels } from "./channel-options.js";
import { resolveLimits } from "./client-limits.js";
import { validationError } from "./validation-error.js";
import {
  CHECK_MS,
  CLAIM_SECONDS,
  DEDUPE_SECONDS,
  FAN_OUT_THRESHOLD,
  GUARD_TIMEOUT_FLOOR_MS,
  MEMORY_MB,
  PRESENCE_GRACE_MS,
  PRESENCE_HEARTBEAT_MS,
  PRESENCE_LEASE_MS,
  SWEEP_MINUTES,
} from "./limits.js";
import { resolveOrigins } from "./origins.js";
import { SMALL_REGIONS } from "./region-sets.js";
import { regionOf } from "./regions.js";
import type { PushItProps } from "./push-it-props.js";
import { FUNCTION_NAMES } from "../functions/registry.js";
import { isNeeded, timeoutError, timeoutParts } from "../functions/timeouts.js";

/** The settings from the props, for the functions' environment. Throws if they are invalid. */
export const resolveSettings = (scope: IConstruct, props: PushItProps): Settings => {
  const limits = resolveLimits(scope, props.limits);
  const settings: Settings = {
    timeouts: timeoutsOf(scope, props),
    wildcards: wildcardsOf(scope, props.wildcards ?? DEFAULT_SETTINGS.wildcards, limits),
    channels: resolveChannels(scope, props.channels, limits),
    denials: props.denials ?? DEFAULT_SETTINGS.denials,
    keepCredentials: props.keepCredentials ?? DEFAULT_SETTINGS.keepCredentials,
    fanOutThreshold: props.fanOutThreshold ?? DEFAULT_SETTINGS.fanOutThreshold,
    fanOutMs: milliseconds(scope, "fanOutBudget", props.fanOutBudget, DEFAULT_SETTINGS.fanOutMs),
    dedupeSeconds: within(
      scope,
      "dedupeWindow",
      props.dedupeWindow,
      DEFAULT_SETTINGS.dedupeSeconds,
      DEDUPE_SECONDS,
      "seconds",
    ),
    checkMs: within(scope, "checkInterval", props.checkInterval, DEFAULT_SETTINGS.checkMs, CHECK_MS, "milliseconds"),
    presenceLeaseMs: within(
      scope,
      "presenceLease",
      props.presenceLease,
      DEFAULT_SETTINGS.presenceLeaseMs,
      PRESENCE_LEASE_MS,
      "milliseconds",
    ),
    presenceHeartbeatMs: within(
      scope,
      "presenceHeartbeat",
      props.presenceHeartbeat,
      DEFAULT_SETTINGS.presenceHeartbeatMs,
      PRESENCE_HEARTBEAT_MS,
      "milliseconds",
    ),
    presenceGraceMs: within(
      scope,
      "presenceGrace",
      props.presenceGrace,
      DEFAULT_SETTINGS.presenceGraceMs,
      PRESENCE_GRACE_MS,
      "milliseconds",
    ),
    presenceChecksPerSecond: presenceChecks(regionOf(scope)),
    limits,
    allowedOrigins: resolveOrigins(scope, props.allowedOrigins),
  };
  if (!inRange(settings.fanOutThreshold, FAN_OUT_THRESHOLD)) {
    const { least, most } = FAN_OUT_THRESHOLD;
    throw validationError(
      scope,
      `fanOutThreshold is ${settings.fanOutThreshold}, but must be a whole number from ${least} to ${most}`,
    );
  }
  if (settings.timeouts.onMessageReceived > settings.fanOutMs) {
    throw validationError(
      scope,
      `delivery guards run within the fan-out budget, so timeouts.onMessageReceived ` +
        `(${settings.timeouts.onMessageReceived} ms) cannot exceed fanOutBudget (${settings.fanOutMs} ms)`,
    );
  }
  requireStored(scope, settings);
  for (const name of FUNCTION_NAMES.filter((each) => isNeeded(each, settings))) {
    const reason = timeoutError(name, timeoutParts(name, settings));
    if (reason) throw validationError(scope, reason);
  }
  return settings;
};

/** The checker's share of an account's requests: a tenth, in Regions of the usual size and in small ones. */
const presenceChecks = (region: string | undefined): number =>
  region !== undefined && SMALL_REGIONS.has(region)
    ? DEFAULT_SETTINGS.presenceChecksPerSecond / 4
    : DEFAULT_SETTINGS.presenceChecksPerSecond;

/**
 * Throws if a publication could be recognized as a repetition after its stored message has expired. It would be stored
 * twice.
 */
const requireStored = (scope: IConstruct, { channels, dedupeSeconds }: Settings): void => {
  for (const [pattern, { history }] of Object.entries(channels)) {
    if (!history || dedupeSeconds <= history.seconds + HISTORY_MARGIN_SECONDS - CLAIM_SECONDS) continue;
    throw validationError(
      scope,
      `dedupeWindow is ${dedupeSeconds} seconds, but messages of channels["${pattern}"] are stored for ` +
        `${history.seconds + HISTORY_MARGIN_SECONDS} seconds only (history.ttl and ${HISTORY_MARGIN_SECONDS}), and must be stored for ${CLAIM_SECONDS} seconds longer ` +
        "than dedupeWindow; shorten dedupeWindow, or keep messages for longer",
    );
  }
};

const timeoutsOf = (scope: IConstruct, { timeouts = {} }: PushItProps): GuardTimeouts => {
  const names = Object.keys(DEFAULT_SETTINGS.timeouts) as (keyof GuardTimeouts)[];
  const entries = names.map((name) => [
    name,
    milliseconds(scope, `timeouts.${name}`, timeouts[name], DEFAULT_SETTINGS.timeouts[name]),
  ]);
  return Object.fromEntries(entries) as GuardTimeouts;
};

const milliseconds = (scope: IConstruct, prop: string, duration: Duration | undefined, fallback: number): number => {
  if (!duration) return fallback;
  if (duration.isUnresolved())
    throw validationError(scope, `${prop} must be known at synthesis: it decides functions' timeouts`);
  const value = duration.toMilliseconds();
  if (!(value >= GUARD_TIMEOUT_FLOOR_MS)) {
    throw validationError(scope, `${prop} is ${value} ms, but must be at least ${GUARD_TIMEOUT_FLOOR_MS} ms`);
  }
  return value;
};

const within = (
  scope: IConstruct,
  prop: string,
  duration: Duration | undefined,
  fallback: number,
  range: { least: number; most: number },
  unit: "seconds" | "milliseconds",
): number => {
  if (!duration) return fallback;
  if (duration.isUnresolved()) throw validationError(scope, `${prop} must be known at synthesis`);
  const value =
    unit === "seconds" ? duration.toSeconds({ integral: false }) : duration.toMilliseconds({ integral: false });
  if (inRange(value, range)) return value;
  throw validationError(
    scope,
    `${prop} is ${value} ${unit}, but must be whole ${unit} from ${range.least} to ${range.most}`,
  );
};

const wildcardsOf = (scope: IConstruct, patterns: readonly string[], limits: Limits): string[] => {
  for (const pattern of patterns) {
    if (
      Token.isUnresolved(pattern) ||
      !isWildcard(pattern) ||
      !isPattern(pattern, (name) => isAllowedChannelName({ limits }, name))
    ) {
      throw validationError(
        scope,
        `wildcards: "${pattern}" is not a pattern that ends in "/*" (within limits), such as "stories/*" or "rooms/*/events/*"`,
      );
    }
  }
  return [...new Set(patterns)];
};

/** Throws if a prop that is not a setting is invalid. */
export const validate = (scope: IConstruct, { memorySize, stageName, sweepInterval }: PushItProps): void => {
  if (memorySize !== undefined && !inRange(memorySize, MEMORY_MB)) {
    throw validationError(scope, `memorySize is ${memorySize}, but must be ${MEMORY_MB.least} to ${MEMORY_MB.most} MB`);
  }
  if (stageName !== undefined && !Token.isUnresolved(stageName) && !/^[\w-]{1,128}$/.test(stageName)) {
    throw validationError(scope, `stageName "${stageName}" must be 1 to 128 letters, digits, "_" or "-"`);
  }
  const minutes = sweepInterval?.toMinutes({ integral: false });
  if (minutes !== undefined && !inRange(minutes, SWEEP_MINUTES)) {
    const { least, most } = SWEEP_MINUTES;
    throw validationError(
      scope,
      `sweepInterval is ${minutes} minutes, but must be whole minutes from ${least} to ${most}`,
    );
  }
};

const inRange = (value: number, { least, most }: { least: number; most: number }): boolean =>
  Token.isUnresolved(value) || (Number.isInteger(value) && value >= least && value <= most);
