/** The subprotocol name of this version of the protocol. docs/PROTOCOL.md, "Versions", explains it. */
export const SUBPROTOCOL = "push-it.v1";

/**
 * A client offers this subprotocol to receive the reason of a denial. The server selects it for a socket that has no
 * agent.
 */
export const SUBPROTOCOL_DENIED = "push-it.v1.denied";

/** The prefix of the subprotocol entry that carries the credentials as base64url. */
export const CREDENTIALS_PREFIX = "push-it.credentials.";

/**
 * The prefix of the subprotocol entry that carries the session's secret: 22 of `0-9A-Za-z-_`. A client makes the secret
 * once and offers it with each of its connections. By it, the server recognises a message that is published again after
 * a reconnection.
 */
export const SESSION_PREFIX = "push-it.session.";
