import type { Json } from "./json.js";

/** The publisher of a message, as the server knows it. */
export interface MessageFrom {
  /** The id of the agent that published it. */
  connection: string;
  /** The agent's user, if its connection guard named one. */
  userId?: string;
  /** The agent's public info, if its connection guard set it. */
  info?: Json;
}
