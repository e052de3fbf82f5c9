import type { Reply } from "../../protocol/index.js";
import { EXPIRED } from "./agent.js";
import { denial, encodeReplies } from "../requests/replies.js";
import { Frame } from "../delivery/frame.js";
import type { Connections } from "../ports.js";

/**
 * Maximum times for notifying a client and for closing its connection, in milliseconds. Together they are shorter than
 * each function's margin (`MARGIN_MS` in infra/functions/timeouts.ts). A client that was not notified in time is closed
 * all the same.
 */
export const NOTIFY_TIMEOUT_MS = 1_500;
export const CLOSE_TIMEOUT_MS = 2_500;

/**
 * Posts a frame of replies that does not wait for the route response.
 * @returns whether API Gateway has accepted it
 */
export const notify = async (
  connections: Pick<Connections, "post">,
  connectionId: string,
  frame: string,
): Promise<boolean> => (await connections.post(connectionId, new Frame(frame), NOTIFY_TIMEOUT_MS)) === "sent";

/**
 * Sends a connection without an agent the reason, and closes it. API Gateway sends a route response only after the
 * function has ended, and a function that has ended cannot close a connection. So these replies are posted.
 * @returns whether it is closed
 */
export const notifyAndClose = async (
  connections: Connections,
  connectionId: string,
  ...answers: Reply[]
): Promise<boolean> => {
  await connections.post(connectionId, new Frame(encodeReplies(answers)), NOTIFY_TIMEOUT_MS);
  return connections.close(connectionId, CLOSE_TIMEOUT_MS);
};

/** Notifies an agent that it was not renewed in time, and closes its connection. */
export const closeExpired = (connections: Connections, connectionId: string): Promise<boolean> =>
  notifyAndClose(connections, connectionId, denial(undefined, EXPIRED));
