export type { DataToSend, PublishOptions } from "./base-channel.js";
export { Channel } from "./channel.js";
export type { State, StateChange, StateCode } from "./connection/state.js";
export { PushItError, type RequestCode } from "./errors.js";
export type { Received, Sendable } from "./json.js";
export type { CoreOptions, Credentials, Logger, PushItOptions } from "./options.js";
export type { AppStateLike, PageEvent, PageEventTarget, Platform, Socket, SocketClass } from "./platform/platform.js";
export { PushIt } from "./push-it.js";
export type {
  ChannelEvents,
  ChannelPresence,
  Events,
  HistoryEvents,
  HistoryOptions,
  HistoryPage,
  OnError,
  PresenceEvent,
  PresenceEvents,
  PresenceSet,
  PublishRequest,
  PublishResult,
  ReceivedMessage,
  SubscribeOptions,
  SubscriptionEvents,
  TokenFunction,
  TypedMember,
} from "./types.js";
export type { Code } from "../../protocol/codes.js";
export type { Message } from "../../protocol/frames.js";
export type { Json } from "../../protocol/json.js";
export type { DeletedMessage, Deletion, Position } from "../../protocol/history.js";
export type { Member } from "../../protocol/presence.js";
