import { MAX_FRAME_BYTES, type Limits, type Message } from "../../protocol/index.js";
import { type ChannelPatterns, channelSettings } from "../../protocol/channel-settings.js";
import { worstCaseMessage } from "./latest.js";
import { fits, serialize } from "../delivery/serialize.js";

/**
 * What else may be in a frame that answers with one message of a history, in bytes: the answer around it, and one that
 * asks the agent to renew.
 */
export const REPLAY_BYTES = 1_024;

/** Whether a message may be published: it can be delivered on its channel, and where that has history, be told again. */
export const fitsChannel = (
  message: Message,
  settings: { channels: ChannelPatterns; limits: Pick<Limits, "messageBytes"> },
): boolean => {
  const packed = serialize(worstCaseMessage(message, settings));
  const replayed = channelSettings(settings.channels, message.channel).history !== undefined;
  return fits(packed, settings.limits) && (!replayed || packed.bytes <= MAX_FRAME_BYTES - REPLAY_BYTES);
};
