/** The subprotocol name of this version of the protocol; see docs/PROTOCOL.md, "Versions". */
export const SUBPROTOCOL = "push-it.v1";

/** Offered by a client that wants a denial explained; selected by the server for a socket that has no agent. */
export const SUBPROTOCOL_DENIED = "push-it.v1.denied";

/** What precedes the base64url of the credentials in a subprotocol entry. */
export const CREDENTIALS_PREFIX = "push-it.credentials.";

/**
 * What precedes the session's secret in a subprotocol entry: 22 of `0-9A-Za-z-_`, which a client makes once and offers
 * with each of its connections, so that what it publishes again after a reconnection is known again.
 */
export const SESSION_PREFIX = "push-it.session.";
