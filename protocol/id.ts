import { MAX_USER_ID_LENGTH } from "./limits.js";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/** `Uint8Array<ArrayBuffer>`. Before TypeScript 5.7 the type had no parameter. */
type Bytes = InstanceType<typeof Uint8Array>;

/**
 * A new id: 22 characters of `0-9A-Za-z-_`, 132 random bits.
 * @param random fills the given bytes with random ones, as `crypto.getRandomValues` does
 * @example newId((bytes) => crypto.getRandomValues(bytes)) // "s0Y_2b…"
 */
export const newId = (random: (bytes: Bytes) => Uint8Array): string => {
  let id = "";
  for (const byte of random(new Uint8Array(22))) id += ALPHABET[byte & 63];
  return id;
};

/** Whether `id` is a valid id of a request or a message: 1 to 64 of `0-9A-Za-z-_`. */
export const isId = (id: unknown): id is string => typeof id === "string" && /^[\w-]{1,64}$/.test(id);

/** Whether `id` is a valid user id: 1 to `MAX_USER_ID_LENGTH` UTF-16 code units, without half of a surrogate pair. */
export const isUserId = (id: unknown): id is string =>
  typeof id === "string" && id !== "" && id.length <= MAX_USER_ID_LENGTH && !/\p{Surrogate}/u.test(id);
