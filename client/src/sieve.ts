import type { Message } from "../../protocol/frames.js";

/** How many messages are remembered. */
const MEMORY = 1_000;

/**
 * Tells, of the messages that arrive, those that are new: whose offset, where they have one, is larger than any that
 * their channel has had, and whose channel and uuid are those of none of the last messages. The server may repeat a
 * message; and what was published at the same time may arrive in either order, but the newest is the last that is told.
 * Where there is an epoch, offsets are those of a history, in which nothing is overtaken, and name the message: two
 * publishers may have chosen one uuid. What has no uuid is no message.
 */
export const createSieve = (tell: (message: Message) => void): ((message: Message) => void) => {
  const seen = new Set<string>();
  /** The largest by channel. What an object has anyway is no number, and compares as one that is not there. */
  const offsets: Record<string, number> = {};
  return (message) => {
    const { channel, uuid, epoch, offset } = message;
    // No channel's name has a space.
    const key = channel + " " + (epoch ? epoch + offset : uuid);
    if (!epoch) {
      if (offset! <= offsets[channel]!) return;
      if (offset) offsets[channel] = offset;
    }
    if (!uuid || seen.has(key)) return;
    const [oldest] = seen.add(key);
    if (seen.size > MEMORY) seen.delete(oldest!);
    tell(message);
  };
};
