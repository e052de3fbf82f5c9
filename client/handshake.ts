import { CREDENTIALS_BYTES } from "../protocol/limits.js";
import { CREDENTIALS_PREFIX, SUBPROTOCOL, SUBPROTOCOL_DENIED } from "../protocol/version.js";
import { base64url } from "./base64.js";
import { utf8 } from "./frames.js";

/**
 * The subprotocols that a handshake offers: the version, the wish to hear the reason of a denial, what an extension has
 * to say, the credentials.
 * `undefined` when the credentials are too large.
 */
export const offer = (credentials: unknown, more: readonly string[] = []): string[] | undefined => {
  const protocols = [SUBPROTOCOL, SUBPROTOCOL_DENIED, ...more];
  const json = JSON.stringify(credentials) as string | undefined;
  if (json) {
    const bytes = utf8(json);
    if (bytes.length > CREDENTIALS_BYTES) return undefined;
    protocols.push(CREDENTIALS_PREFIX + base64url(bytes));
  }
  return protocols;
};
