import type { ConnectionSubscriptions } from "../../ports.js";
import { agentEndOf, expiresAtOf, infoOf, type Item, subscriptionEndOf } from "./items.js";
import { channelOf } from "./keys.js";

/**
 * Reads the rows of a connection.
 * @param recordKey the sort key of its record
 */
export const subscriptionsIn = (rows: readonly Item[], recordKey: string): ConnectionSubscriptions => {
  const ends = new Map<string, number>();
  const observed: string[] = [];
  let record: Item | undefined;
  for (const item of rows) {
    const sk = item["sk"]?.S ?? "";
    const channel = channelOf(sk);
    if (channel !== undefined) ends.set(channel, subscriptionEndOf(item));
    if (channel !== undefined && item["o"]) observed.push(channel);
    if (sk === recordKey) record = item;
  }
  const channels = [...ends.keys()];
  if (!record) return { present: false, channels, outdated: [] };
  const end = agentEndOf(record);
  const expiresAt = expiresAtOf(record);
  const info = infoOf(record);
  const outdated = channels.filter((channel) => ends.get(channel) !== end);
  return {
    present: true,
    channels,
    outdated,
    ...(observed.length > 0 && { observed }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(info === undefined ? {} : { info }),
  };
};
