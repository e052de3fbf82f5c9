import "server-only";
import { cookies } from "next/headers";
import { tokenFor, userOf } from "./token";

/** The cookie with the token of the signed-in user. */
const COOKIE = "session";

/** How long the cookie is valid, and how long the token that a client connects with, in seconds. */
const [SESSION, CONNECTING] = [12 * 3600, 60];

/** The key that the guards have, too. `npm start` takes it from .env.development, and the guards' from server/secrets.json. */
const signingKey = (): string => {
  const key = process.env["SIGNING_KEY"];
  if (!key) throw new Error("SIGNING_KEY is missing. Set it to the value of the guards' secret SIGNING_KEY.");
  return key;
};

/** The user who is signed in, by the cookie of the request. */
export const currentUser = async (): Promise<string | undefined> =>
  userOf((await cookies()).get(COOKIE)?.value, signingKey());

export const beginSession = async (userId: string): Promise<void> => {
  const secure = process.env.NODE_ENV === "production";
  const token = tokenFor(userId, signingKey(), SESSION);
  (await cookies()).set(COOKIE, token, { httpOnly: true, sameSite: "lax", secure, maxAge: SESSION });
};

export const endSession = async (): Promise<void> => void (await cookies()).delete(COOKIE);

/** A token for the client of the signed-in user. */
export const connectionToken = async (): Promise<string | undefined> => {
  const user = await currentUser();
  return user && tokenFor(user, signingKey(), CONNECTING);
};
