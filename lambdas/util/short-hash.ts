import { createHash } from "node:crypto";

/** Characters of a hash: 128 bits and more in base64url. */
const LENGTH = 22;

/** A hash that does not reveal its text: 22 of `0-9A-Za-z-_`. It can be a uuid or a part of a key. */
export const shortHash = (text: string): string =>
  createHash("sha256").update(text).digest("base64url").slice(0, LENGTH);
