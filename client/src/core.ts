// The smaller SDK, without history and presence. Channels that have these features work like any other channel here.
export { BaseChannel as Channel, type DataToSend, type PublishOptions } from "./base-channel.js";
export type { State, StateChange, StateCode } from "./connection/state.js";
export { PushIt } from "./core-push-it.js";
export { PushItError, type RequestCode } from "./errors.js";
export type { Received, Sendable } from "./json.js";
export type { CoreOptions, Credentials, Logger } from "./options.js";
export type { AppStateLike, PageEvent, PageEventTarget, Platform, Socket, SocketClass } from "./platform/platform.js";
export type {
  ChannelEvents,
  Events,
  HistoryEvents,
  OnError,
  PresenceEvent,
  PresenceEvents,
  PublishRequest,
  PublishResult,
  ReceivedMessage,
  SubscribeOptions,
  SubscriptionEvents,
  TokenFunction,
} from "./types.js";
export type { Code } from "../../protocol/codes.js";
export type { Message } from "../../protocol/frames.js";
export type { Json } from "../../protocol/json.js";
export type { DeletedMessage, Deletion, Position } from "../../protocol/history.js";
export type { Member } from "../../protocol/presence.js";
