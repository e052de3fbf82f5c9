import type { Guards } from "../../protocol/guards.js";
import type { ChannelTypeMap, TypedChannels } from "../../protocol/channel-types.js";
import { type TypedGuards, withTypes } from "./typed-guards.js";

export type {
  Agent,
  Channel,
  ChannelGuards,
  ChannelLike,
  ConnectedOptions,
  Connection,
  DenialOptions,
  Guards,
} from "../../protocol/guards.js";
export type { AgentData, DeliveryData, GuardRequest, GuardResponse } from "../../lambdas/guards/contract.js";
export { guardHandler } from "../../lambdas/guards/handler.js";
export { secret } from "../../lambdas/aws/lambda/secret.js";
export { channel, defineChannels } from "../../protocol/channel-types.js";
export type { ChannelType, ChannelTypeMap, TypedChannels } from "../../protocol/channel-types.js";
export type { MessageOf, StateOf } from "../../protocol/channel-type-names.js";
export type { StandardSchema } from "../../protocol/standard-schema.js";
export type { TypedChannelGuards, TypedGuards } from "./typed-guards.js";
export type { HistoryMessage, Json, Message, Position, Replay, RequestedMessage } from "../../protocol/index.js";

/**
 * Types a guard module without a type annotation.
 * @example
 * import { guards } from "push-it-server/guards";
 * export default guards({
 *   onSubscriptionRequest(channel, agent) {
 *     if (channel.name.startsWith("public/")) agent.subscribe(channel);
 *     else agent.subscriptionDenied(channel, "Only public channels, please.");
 *   },
 * });
 */
export function guards<Credentials = unknown>(module: Guards<Credentials>): Guards<Credentials>;
/**
 * Types a guard module by the types of its channels, and refuses data that does not fit them with `bad_data`.
 * @param channels the types, from `defineChannels`; the client has the same
 * @example
 * import { guards } from "push-it-server/guards";
 * import { channels } from "./channels";
 * export default guards(channels, {
 *   channels: {
 *     "rooms/*": {
 *       onPublicationRequest(channel, agent, message) {
 *         channel.publish({ ...message, data: { text: message.data.text.trim() } });
 *         agent.publicationSuccess(message);
 *       },
 *     },
 *   },
 * });
 */
export function guards<Types extends ChannelTypeMap, Patterns extends string, Credentials = unknown>(
  channels: TypedChannels<Types>,
  module: TypedGuards<Types, Patterns, Credentials>,
): Guards<Credentials>;
export function guards(...args: [module: Guards] | [channels: TypedChannels, module: Guards]): Guards {
  const [first, module] = args;
  return module ? withTypes(first as TypedChannels, module) : (first as Guards);
}
