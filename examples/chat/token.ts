import { createHmac, timingSafeEqual } from "node:crypto";

/** The claims of a token. */
export interface Claims {
  name: string;
  /** The rooms this person may enter. */
  rooms: string[];
  moderator: boolean;
  /** When the token expires, in epoch seconds. */
  expires: number;
}

/** A token for a person who signed in: the claims, and a signature that only holders of the key can make. */
export const makeToken = (claims: Claims, key: string): string => {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${payload}.${signature(payload, key)}`;
};

/** The claims of a token, or `undefined` if it has expired or was not signed with the key. */
export const readToken = (token: unknown, key: string, now = Date.now()): Claims | undefined => {
  if (typeof token !== "string") return undefined;
  const [payload = "", given = ""] = token.split(".");
  const expected = signature(payload, key);
  if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return undefined;
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Claims;
  return claims.expires * 1_000 > now ? claims : undefined;
};

const signature = (payload: string, key: string): string =>
  createHmac("sha256", key).update(payload).digest("base64url");
