import type { RequestedMessage } from "../../protocol/index.js";
import { digest } from "../connection/session.js";

/**
 * Gives each of a guard's messages a uuid that no other one of them has on its channel. Clients and histories distinguish the messages of one channel by their uuid. Two messages with the same uuid would count as one.
 *
 * The first message with a uuid keeps it. Each later message gets a hash of that uuid and of its number among the messages that share it. So a guard that runs again for a repeated publication makes the same uuids again.
 */
export const withDistinctUuids = (messages: readonly RequestedMessage[]): RequestedMessage[] => {
  const counts = new Map<string, number>();
  return messages.map((message) => {
    const { channel, uuid } = message;
    const key = `${channel} ${uuid}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? message : { ...message, uuid: digest(`${uuid}#${count}`) };
  });
};
