import { randomBytes } from "node:crypto";

const BYTES = 11;
const POOL_BYTES = BYTES * 256;

let pool = Buffer.alloc(0);
let used = 0;

/**
 * A new id in the shape of API Gateway's connection, request and message ids: 15 characters of base64url and `=`.
 * Randomness is drawn for many ids at once, because every frame needs two.
 * @example gatewayId() // "KVmb8fjMIAMCFgQ="
 */
export const gatewayId = (): string => {
  if (used + BYTES > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  const id = pool.toString("base64url", used, used + BYTES);
  used += BYTES;
  return `${id}=`;
};
