// The SDK without history and presence: smaller. Channels that have them are as any other here.
export { Channel } from "./core-channel.js";
export { PushItError, type RequestCode } from "./errors.js";
export type { Host, Socket, SocketClass } from "./host.js";
export type { CoreOptions, Credentials } from "./options.js";
export { PushIt } from "./core-push-it.js";
export type { State, StateChange, StateCode } from "./state.js";
export type { ChannelEvents, Events, OnError, Outgoing, Published, ReceivedMessage } from "./types.js";
export type { Code, Json, Message } from "../../protocol/index.js";
