"use client";
export { PushItProvider, usePushIt } from "./context.js";
export {
  type ChannelOptions,
  type UseChannelOptions,
  type UsedChannel,
  type UsedConnection,
  type UsedMessages,
  type UsedTyping,
  type UseMessagesOptions,
  useChannel,
  useConnection,
  useLatest,
  useMembers,
  useMessages,
  usePresence,
  useTyping,
} from "./hooks.js";
export type {
  ChannelSnapshot,
  ChannelStatus,
  ConnectionSnapshot,
  LatestSnapshot,
  ListedMember,
  ListedMessage,
  MembersSnapshot,
  MessagesSnapshot,
  TypingSnapshot,
} from "../stores/types.js";
