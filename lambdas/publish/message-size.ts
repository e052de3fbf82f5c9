import { MAX_FRAME_BYTES, type Limits, type Message } from "../../protocol/index.js";
import { type ChannelPatterns, channelSettings } from "../../protocol/channel-settings.js";
import { worstCaseMessage } from "./latest.js";
import { fits, serialize } from "../delivery/serialize.js";

/** Bytes for the rest of a frame that replays one message: the reply around it, and the request to renew the agent. */
export const REPLAY_BYTES = 1_024;

/** Whether a message may be published. It must fit a delivery on its channel, and a replay if the channel has history. */
export const fitsChannel = (
  message: Message,
  settings: { channels: ChannelPatterns; limits: Pick<Limits, "messageBytes"> },
): boolean => {
  const packed = serialize(worstCaseMessage(message, settings));
  const replayed = channelSettings(settings.channels, message.channel).history !== undefined;
  return fits(packed, settings.limits) && (!replayed || packed.bytes <= MAX_FRAME_BYTES - REPLAY_BYTES);
};
