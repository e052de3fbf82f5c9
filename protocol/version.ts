/** The subprotocol name of this version of the protocol; see docs/PROTOCOL.md, "Versions". */
export const PROTOCOL = "push-it.v1";

/** Offered by a client that wants a denial explained; selected by the server for a socket that has no agent. */
export const PROTOCOL_DENIED = "push-it.v1.denied";

/** What precedes the base64url of the credentials in a subprotocol entry. */
export const CREDENTIALS_PREFIX = "push-it.credentials.";
