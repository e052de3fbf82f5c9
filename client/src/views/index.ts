export { connectionView } from "../stores/connection-view.js";
export type {
  ChannelActions,
  ChannelSnapshot,
  ChannelStatus,
  ConnectionSnapshot,
  LatestSnapshot,
  ListedMember,
  ListedMessage,
  MembersSnapshot,
  MessagesActions,
  MessagesSnapshot,
  TypingActions,
  TypingSnapshot,
  View,
} from "../stores/types.js";
export {
  channelView,
  type ChannelViewOptions,
  latestView,
  membersView,
  messagesView,
  type MessagesViewOptions,
  presenceView,
  typingView,
  type ViewOptions,
} from "./views.js";
