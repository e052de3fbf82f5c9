import { base64url } from "./base64.js";

/** A new id for a frame or a message: 128 random bits in the 22 characters that the protocol's ids have. */
export const freshId = (): string => base64url(crypto.getRandomValues(new Uint8Array(16)));
