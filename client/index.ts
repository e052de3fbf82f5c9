export { Channel } from "./channel.js";
export { PushItError, type RequestCode } from "./errors.js";
export type { Host, Socket, SocketClass } from "./host.js";
export type { Credentials, PushItOptions } from "./options.js";
export { PushIt } from "./push-it.js";
export type { State, StateChange, StateCode } from "./state.js";
export type { ChannelEvents, Events, OnError, Outgoing, Published, ReceivedMessage } from "./types.js";
export type { Code, Json, Message } from "../protocol/index.js";
