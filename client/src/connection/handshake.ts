import { MAX_CREDENTIALS_BYTES } from "../../../protocol/limits.js";
import { CREDENTIALS_PREFIX, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../../../protocol/version.js";
import { PushItError } from "../errors.js";
import { base64url, tooLarge, utf8 } from "../platform/text.js";

/**
 * The credentials as JSON, in UTF-8.
 * @throws PushItError if they are too large
 */
export const encodeCredentials = (credentials: unknown): Uint8Array => {
  const bytes = utf8(JSON.stringify(credentials) ?? "");
  if (bytes.length > MAX_CREDENTIALS_BYTES)
    throw new PushItError(
      "credentials_too_large",
      "The credentials have " + tooLarge(bytes.length, MAX_CREDENTIALS_BYTES),
    );
  return bytes;
};

/**
 * The subprotocols that a handshake offers: the version, the request for the reason of a denial, the client's own ones
 * and the credentials.
 * @throws PushItError if the credentials are too large
 */
export const buildSubprotocols = (credentials: unknown, added: readonly string[]): string[] => {
  const bytes = encodeCredentials(credentials);
  return [
    SUBPROTOCOL,
    SUBPROTOCOL_DENIED,
    ...added,
    ...(bytes.length > 0 ? [CREDENTIALS_PREFIX + base64url(bytes)] : []),
  ];
};
