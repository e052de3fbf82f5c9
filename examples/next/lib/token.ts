import { createHmac, timingSafeEqual } from "node:crypto";

const signature = (payload: string, key: string): string =>
  createHmac("sha256", key).update(payload).digest("base64url");

/**
 * A token for a user: the user's id, the time at which the token expires, and a signature that needs the key.
 * @param seconds how long the token is valid
 */
export const tokenFor = (userId: string, key: string, seconds: number): string => {
  const expires = Date.now() / 1000 + seconds;
  const payload = Buffer.from(JSON.stringify({ userId, expires })).toString("base64url");
  return `${payload}.${signature(payload, key)}`;
};

/** The user of a token, or `undefined` if it has expired or was not signed with the key. */
export const userOf = (token: unknown, key: string): string | undefined => {
  if (typeof token !== "string") return undefined;
  const [payload = "", given = ""] = token.split(".");
  const [expected, found] = [Buffer.from(signature(payload, key)), Buffer.from(given)];
  if (expected.length !== found.length || !timingSafeEqual(expected, found)) return undefined;
  const { userId, expires } = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
    userId: string;
    expires: number;
  };
  return expires > Date.now() / 1000 ? userId : undefined;
};
