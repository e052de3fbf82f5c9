// The types of channels, apart from the SDK: guards can import them from here as well.
export { channel, defineChannels } from "../../protocol/channel-types.js";
export type { ChannelType, ChannelTypeMap, TypedChannels } from "../../protocol/channel-types.js";
export type { MessageOf, StateOf } from "../../protocol/channel-type-names.js";
export type { StandardSchema } from "../../protocol/standard-schema.js";
export type { Register } from "./registered-channels.js";
