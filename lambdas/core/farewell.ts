import type { Answer } from "../../protocol/index.js";
import { frameOf } from "./answers.js";
import type { Connections } from "./ports.js";

/**
 * Tells a connection that has no agent why, and closes it. A route response leaves only when the Lambda has settled,
 * and a Lambda that has settled can close nothing: so this answer, and no other, is posted.
 */
export const tellAndClose = async (connections: Connections, connectionId: string, answer: Answer): Promise<void> => {
  await connections.post(connectionId, frameOf([answer]));
  await connections.close(connectionId);
};
