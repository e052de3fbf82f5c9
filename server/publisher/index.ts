export type {
  PresencePage,
  Code,
  HistoryMessage,
  Json,
  Member,
  Position,
  PublishResult,
  Replay,
} from "../../protocol/index.js";
export { PublisherError, type PublisherErrorCode } from "./errors.js";
export type { LambdaLike } from "./invoke.js";
export {
  type AgentLike,
  type Message,
  Publisher,
  type PublisherOptions,
  type PublishOptions,
  type Excluded,
  type Target,
} from "./publisher.js";
