import { connectionToken } from "../../lib/session";

/** The credentials of the signed-in user's client. It fetches them before each connection. */
export async function GET(): Promise<Response> {
  return Response.json({ token: await connectionToken() }, { headers: { "cache-control": "no-store" } });
}
