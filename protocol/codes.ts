/** What a program may do after a failure. A trait that is absent does not hold. */
export interface CodeTraits {
  /** The same request may succeed later. */
  retryable?: true;
  /**
   * A publication that failed so may have happened, or may soon succeed. On a channel with history it is safe to publish
   * it again with the same uuid.
   */
  ambiguous?: true;
  /** The connection has lost its agent: the SDK reconnects. */
  endsAgent?: true;
  /** As the reason of a refused handshake: the SDK stops until the application calls `connect()`. */
  deniesConnection?: true;
}

/** The server's codes: what went wrong, for programs. docs/PROTOCOL.md, "Codes", explains each of them. */
export const CODES = {
  denied: { deniesConnection: true },
  guard_timeout: { retryable: true, deniesConnection: true },
  guard_failed: { retryable: true, deniesConnection: true },
  bad_frame: { deniesConnection: true },
  bad_origin: { deniesConnection: true },
  credentials_too_large: { deniesConnection: true },
  unknown_action: {},
  bad_channel: {},
  reserved_channel: {},
  wildcard: {},
  too_many: { deniesConnection: true },
  too_many_subscriptions: { deniesConnection: true },
  too_many_agents: { deniesConnection: true },
  too_large: { deniesConnection: true },
  rate_limited: { retryable: true, ambiguous: true },
  expired: { retryable: true, ambiguous: true, endsAgent: true },
  revoked: {},
  unknown_agent: { retryable: true, ambiguous: true, endsAgent: true },
  no_history: {},
  no_presence: {},
  position_expired: {},
  epoch_changed: {},
  too_far_behind: {},
  uuid_reused: {},
  channel_busy: { retryable: true, ambiguous: true },
  unavailable: { retryable: true, ambiguous: true },
} as const satisfies Record<string, CodeTraits>;

/** A code that the server sends. */
export type Code = keyof typeof CODES;

/** The SDK's own codes: for requests that never reached the server, or whose reply never came. */
export const CLIENT_CODES = {
  timeout: { retryable: true, ambiguous: true },
  closed: { retryable: true, ambiguous: true },
  internal: { retryable: true, ambiguous: true },
  throttled: { retryable: true, ambiguous: true },
  queue_full: { retryable: true },
  superseded: {},
  bad_position: {},
} as const satisfies Record<string, CodeTraits>;

/** A code that the SDK adds. */
export type ClientCode = keyof typeof CLIENT_CODES;

/**
 * The traits of a code. A newer server may send codes that are not in the table: those have none.
 * @example traitsOf(error.code).retryable
 */
export const traitsOf = (code: string): CodeTraits => {
  const traits: Record<string, CodeTraits | undefined> = { ...CODES, ...CLIENT_CODES };
  return traits[code] ?? {};
};
