import { type Answer, Meta } from "../../protocol/index.js";
import { EXPIRED } from "./agent.js";
import { failure, frameOf } from "./answers.js";
import type { Connections } from "./ports.js";

/**
 * Tells a connection that has no agent why, and closes it. A route response leaves only when the Lambda has settled,
 * and a Lambda that has settled can close nothing: so this answer, and no other, is posted.
 * @returns whether it is closed
 */
export const tellAndClose = async (connections: Connections, connectionId: string, answer: Answer): Promise<boolean> => {
  await connections.post(connectionId, frameOf([answer]));
  return connections.close(connectionId);
};

/** Tells an agent that was not renewed in time that it is over, and closes its connection. */
export const expire = (connections: Connections, connectionId: string): Promise<boolean> =>
  tellAndClose(connections, connectionId, failure(Meta.refresh, undefined, EXPIRED.code, EXPIRED.reason));
