/** Trait: the same request may succeed later. */
export const RETRYABLE = 1;

/**
 * Trait: the publication may have succeeded, or may succeed soon. On a channel with history it is safe to publish it
 * again with the same uuid.
 */
export const AMBIGUOUS = 2;

/** Trait: the connection has lost its agent, so the SDK reconnects. */
export const ENDS_AGENT = 4;

/** Trait of a denied handshake: the SDK stops until the application calls `connect()`. */
export const DENIES_CONNECTION = 8;

/** The server's codes and what each means for a client. docs/PROTOCOL.md, "Codes", explains them. */
export const CODES = {
  denied: DENIES_CONNECTION,
  guard_timeout: RETRYABLE | DENIES_CONNECTION,
  guard_failed: RETRYABLE | DENIES_CONNECTION,
  bad_frame: DENIES_CONNECTION,
  bad_origin: DENIES_CONNECTION,
  credentials_too_large: DENIES_CONNECTION,
  unknown_action: 0,
  bad_channel: 0,
  reserved_channel: 0,
  wildcard: 0,
  too_many: DENIES_CONNECTION,
  too_many_subscriptions: DENIES_CONNECTION,
  too_many_agents: DENIES_CONNECTION,
  too_large: DENIES_CONNECTION,
  bad_data: 0,
  rate_limited: RETRYABLE | AMBIGUOUS,
  expired: RETRYABLE | AMBIGUOUS | ENDS_AGENT,
  revoked: 0,
  unknown_agent: RETRYABLE | AMBIGUOUS | ENDS_AGENT,
  no_history: 0,
  no_presence: 0,
  position_expired: 0,
  epoch_changed: 0,
  too_far_behind: 0,
  uuid_reused: 0,
  channel_busy: RETRYABLE | AMBIGUOUS,
  unavailable: RETRYABLE | AMBIGUOUS,
} as const satisfies Record<string, number>;

/** A code that the server sends. */
export type Code = keyof typeof CODES;

/** The SDK's own codes, for requests that never reached the server or whose reply never arrived. */
export const CLIENT_CODES = {
  timeout: RETRYABLE | AMBIGUOUS,
  closed: RETRYABLE | AMBIGUOUS,
  internal: RETRYABLE | AMBIGUOUS,
  throttled: RETRYABLE | AMBIGUOUS,
  queue_full: RETRYABLE,
  token_failed: RETRYABLE,
  superseded: 0,
  bad_position: 0,
} as const satisfies Record<string, number>;

/** A code that the SDK adds. */
export type ClientCode = keyof typeof CLIENT_CODES;

const TRAITS: Readonly<Record<string, number | undefined>> = { ...CODES, ...CLIENT_CODES };

/**
 * Whether a code has a trait: `RETRYABLE`, `AMBIGUOUS`, `ENDS_AGENT` or `DENIES_CONNECTION`. Codes of a newer server
 * that are not in the table have no traits.
 * @example hasTrait(error.code, RETRYABLE)
 */
export const hasTrait = (code: string | undefined, trait: number): boolean => ((TRAITS[code!] ?? 0) & trait) > 0;
