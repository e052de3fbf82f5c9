import { Meta, type ConnectionInfo } from "../../../protocol/index.js";

/** The facts of a server frame that the SDK does not report. */
export interface Heard {
  /** The identity of this connection, and the server's limits. */
  facts?: ConnectionInfo;
  /** Channels that are subscribed now. */
  subscribed: string[];
  /** The channels among them with presence. */
  attended: string[];
}

/** Any object of a frame: each field is unproven. */
interface Item {
  channel?: unknown;
  successful?: unknown;
  data?: { channel?: unknown; agent?: unknown; presenceIntervalMs?: unknown };
}

/** Reads a frame from the server. */
export const hear = (text: string): Heard => {
  const heard: Heard = { subscribed: [], attended: [] };
  for (const { channel, data } of successes(text)) {
    const tellsFacts = channel === Meta.connect || channel === Meta.ping;
    if (tellsFacts && typeof data?.agent === "string") heard.facts = data as ConnectionInfo;
    if (channel !== Meta.subscribe || typeof data?.channel !== "string") continue;
    heard.subscribed.push(data.channel);
    if (typeof data.presenceIntervalMs === "number") heard.attended.push(data.channel);
  }
  return heard;
};

const successes = (text: string): Item[] => {
  try {
    return [JSON.parse(text) as Item].flat().filter((item) => item?.successful === true);
  } catch {
    return [];
  }
};
