import { Meta, type ConnectionInfo } from "../../../protocol/index.js";

/** What a frame from the server tells besides what the SDK makes of it. */
export interface Heard {
  /** Who this connection is, and the server's limits. */
  facts?: ConnectionInfo;
  /** Channels that are subscribed now. */
  subscribed: string[];
  /** Those of them that tell who is there. */
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
