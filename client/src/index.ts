export { Channel } from "./channel.js";
export { PushItError, type RequestCode } from "./errors.js";
export type { Host, Socket, SocketClass } from "./host.js";
export type { CoreOptions, Credentials, PushItOptions } from "./options.js";
export { PushIt } from "./push-it.js";
export type { State, StateChange, StateCode } from "./state.js";
export type {
  ChannelEvents,
  Events,
  HistoryOptions,
  OnError,
  Outgoing,
  PresenceEvent,
  PresenceEvents,
  Present,
  Published,
  ReceivedMessage,
  Recorded,
  SubscribeOptions,
} from "./types.js";
export type { Code, Json, Member, Message, Position } from "../../protocol/index.js";
