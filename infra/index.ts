export { AccessLogs, type AccessLogOptions } from "./access-logs.js";
export type { ChannelOptions, HistoryOptions, PresenceOptions } from "./props/channel-options.js";
export type { Limits } from "./props/client-limits.js";
export type { FanOutQueue as Deliveries, FanOutQueueProps as DeliveriesProps } from "./fan-out-queue.js";
export type { PushItFunctions } from "./functions/push-it-functions.js";
export type { ChannelGuardFunctions, GuardFunctions } from "./guards/guard-functions.js";
export { Guards, type GuardModuleProps } from "./guards/guards.js";
export {
  Denials,
  type FunctionConcurrency,
  type GuardBundlingOptions,
  type GuardTimeouts,
  type RouteThrottling,
} from "./props/options.js";
export type { PushItProps } from "./props/push-it-props.js";
export type { PublishTargetProps } from "./publish-target.js";
export { PushIt } from "./push-it.js";
export { PushItStack, type PushItStackProps } from "./push-it-stack.js";
