import { Meta, type ConnectionInfo } from "../../../protocol/index.js";

/** The facts of a server frame that the SDK does not report. */
export interface FrameFacts {
  /** The identity of this connection, and the server's limits. */
  facts?: ConnectionInfo;
  /** Channels that are subscribed now. */
  subscribed: string[];
  /** The channels among them with presence. */
  withPresence: string[];
}

/** Any object of a frame: each field is unproven. */
interface Item {
  channel?: unknown;
  successful?: unknown;
  data?: { channel?: unknown; agent?: unknown; presenceIntervalMs?: unknown };
}

/** Reads a frame from the server. */
export const readFrame = (text: string): FrameFacts => {
  const facts: FrameFacts = { subscribed: [], withPresence: [] };
  for (const { channel, data } of successes(text)) {
    const hasConnectionInfo = channel === Meta.connect || channel === Meta.ping;
    if (hasConnectionInfo && typeof data?.agent === "string") facts.facts = data as ConnectionInfo;
    if (channel !== Meta.subscribe || typeof data?.channel !== "string") continue;
    facts.subscribed.push(data.channel);
    if (typeof data.presenceIntervalMs === "number") facts.withPresence.push(data.channel);
  }
  return facts;
};

const successes = (text: string): Item[] => {
  try {
    return [JSON.parse(text) as Item].flat().filter((item) => item?.successful === true);
  } catch {
    return [];
  }
};
