import type { Answer } from "../../protocol/index.js";
import { EXPIRED } from "./agent.js";
import { denial, frameOf } from "./answers.js";
import { Frame } from "./frame.js";
import type { Connections } from "./ports.js";

/**
 * Tells a connection that has no agent why, and closes it. A route response leaves only when the Lambda has settled,
 * and a Lambda that has settled can close nothing: so these answers, and no others, are posted.
 * @returns whether it is closed
 */
export const tellAndClose = async (connections: Connections, connectionId: string, ...answers: Answer[]): Promise<boolean> => {
  await connections.post(connectionId, new Frame(frameOf(answers)));
  return connections.close(connectionId);
};

/** Tells an agent that was not renewed in time that it is over, and closes its connection. */
export const expire = (connections: Connections, connectionId: string): Promise<boolean> =>
  tellAndClose(connections, connectionId, denial(undefined, EXPIRED));
