import type { Guards } from "../../lambdas/guards/types.js";

export type {
  Agent,
  Channel,
  ChannelGuards,
  ChannelLike,
  ConnectedOptions,
  Connection,
  Guards,
} from "../../lambdas/guards/types.js";
export type { AgentData, DeliveryData, GuardRequest, GuardResponse } from "../../lambdas/guards/contract.js";
export { guardHandler } from "../../lambdas/guards/handler.js";
export { secret } from "../../lambdas/aws/lambda/secret.js";
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
export const guards = <Credentials = unknown>(module: Guards<Credentials>): Guards<Credentials> => module;
