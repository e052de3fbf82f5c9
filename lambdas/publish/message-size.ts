import { MAX_FRAME_BYTES, type Limits, type RequestedMessage } from "../../protocol/index.js";
import { type ChannelPatterns, channelSettings } from "../../protocol/channel-settings.js";
import { worstCaseMessage } from "./latest.js";
import { fits, serialize } from "../delivery/serialize.js";

/** Bytes for the rest of a frame that replays one message: the reply around it, and the request to renew the agent. */
export const REPLAY_BYTES = 1_024;

/**
 * Whether a message may be published. It must fit a delivery on its channel, and a replay if the channel's history keeps
 * it.
 */
export const fitsChannel = (
  { ephemeral, ...message }: RequestedMessage,
  settings: { channels: ChannelPatterns; limits: Pick<Limits, "messageBytes"> },
): boolean => {
  const options = ephemeral ? {} : channelSettings(settings.channels, message.channel);
  const packed = serialize(worstCaseMessage(message, options));
  return fits(packed, settings.limits) && (!options.history || packed.counted <= MAX_FRAME_BYTES - REPLAY_BYTES);
};
