import type { Reply } from "../../protocol/index.js";
import { EXPIRED } from "./agent.js";
import { denial, encodeReplies } from "../requests/replies.js";
import { Frame } from "../delivery/frame.js";
import type { Connections } from "../ports.js";

/**
 * How long telling may take, and how long closing, in milliseconds: together less than the margin that each function has
 * beside what it asks and does (`MARGIN_MS` in infra/functions/timeouts.ts). Who was not told in time is closed all the same.
 */
export const NOTIFY_TIMEOUT_MS = 1_500;
export const CLOSE_TIMEOUT_MS = 2_500;

/**
 * Posts a frame of answers that is not left to the route response.
 * @returns whether API Gateway has taken it
 */
export const notify = async (
  connections: Pick<Connections, "post">,
  connectionId: string,
  frame: string,
): Promise<boolean> => (await connections.post(connectionId, new Frame(frame), NOTIFY_TIMEOUT_MS)) === "sent";

/**
 * Tells a connection that has no agent why, and closes it. A route response leaves only when the Lambda has settled,
 * and a Lambda that has settled can close nothing: so these answers, and no others, are posted.
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

/** Tells an agent that was not renewed in time that it is over, and closes its connection. */
export const closeExpired = (connections: Connections, connectionId: string): Promise<boolean> =>
  notifyAndClose(connections, connectionId, denial(undefined, EXPIRED));
