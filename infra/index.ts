export { AccessLogs, type AccessLogOptions } from "./access-logs.js";
export type { ChannelOptions, HistoryOptions } from "./channel-options.js";
export type { Limits } from "./client-limits.js";
export type { FanOutQueue as Deliveries, FanOutQueueProps as DeliveriesProps } from "./deliveries.js";
export type { PushItFunctions } from "./functions.js";
export type { ChannelGuardFunctions, GuardFunctions } from "./guard-functions.js";
export { Guards, type GuardModuleProps } from "./guards.js";
export {
  Denials,
  type FunctionConcurrency,
  type GuardBundlingOptions,
  type GuardTimeouts,
  type RouteThrottling,
} from "./options.js";
export type { PushItProps } from "./props.js";
export type { PublishTargetProps } from "./publish-target.js";
export { PushIt } from "./push-it.js";
export { PushItStack, type PushItStackProps } from "./push-it-stack.js";
