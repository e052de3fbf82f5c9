import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Received } from "../json.js";
import type { PushIt } from "../push-it.js";
import { actionsOf, MESSAGES_ACTIONS, TYPING_ACTIONS } from "../stores/actions.js";
import { channelView as viewOf } from "../stores/channel-view.js";
import { Latest } from "../stores/latest.js";
import { Members } from "../stores/members.js";
import { DEFAULT_LAST, DEFAULT_MAX, Messages } from "../stores/messages.js";
import { Part, type PartClass } from "../stores/part.js";
import { Typing } from "../stores/typing.js";
import type {
  ChannelActions,
  ChannelSnapshot,
  LatestSnapshot,
  MembersSnapshot,
  MessagesActions,
  MessagesSnapshot,
  TypingActions,
  TypingSnapshot,
  View,
  Wish,
} from "../stores/types.js";
import type { ReceivedMessage, TokenFunction } from "../types.js";

/** The options of every view of a channel. */
export interface ViewOptions {
  /**
   * Returns a token for the subscription guard. The SDK calls it before each request that needs a token.
   * @default - no token
   */
  token?: TokenFunction | undefined;
}

/** The options of `channelView`. */
export interface ChannelViewOptions<Data = unknown> extends ViewOptions {
  /** Called with each message that arrives while the view has a listener. */
  onMessage?: ((message: ReceivedMessage<Received<Data>>) => void) | undefined;
  /**
   * The application's position: on a channel with history it first receives the messages after that.
   * @default - only messages that are published from now on
   */
  since?: Partial<Position> | undefined;
}

/** The options of `messagesView`. */
export interface MessagesViewOptions extends ViewOptions {
  /**
   * How many of the newest messages to begin with, 1 to 100, on a channel with history. 0: none.
   * @default 50
   */
  last?: number | undefined;
  /**
   * The most messages to keep in memory. If more arrive, the oldest leave; `loadOlder` adds to this number.
   * @default 1_000
   */
  max?: number | undefined;
}

const viewWith = <Result>(
  client: PushIt,
  name: string,
  kind: PartClass,
  wish: Wish,
  actions: readonly string[] = [],
): Result => {
  const { subscribe, getSnapshot, getServerSnapshot, call } = viewOf(client, name, kind, wish);
  return { subscribe, getSnapshot, getServerSnapshot, ...actionsOf(() => ({ call }), actions) } as Result;
};

/**
 * A subscription to a channel or wildcard.
 * @typeParam Data the messages' data
 * @example
 * const story = channelView<Story>(pushIt, "stories/5", { onMessage: ({ data }) => show(data) });
 * const leave = story.subscribe(() => render(story.getSnapshot().status));
 */
export const channelView = <Data = unknown>(
  client: PushIt,
  name: string,
  options: ChannelViewOptions<Data> = {},
): View<ChannelSnapshot> & ChannelActions<Data> => ({
  ...viewWith<View<ChannelSnapshot>>(client, name, Part, { ...options }),
  publish: (data, how) => client.channel<Data>(name).publish(data, how),
});

/**
 * The messages of a channel: the newest of its history, then all that arrive. After a reconnection, missed messages are
 * added. If they cannot be recovered, the newest of the history take the place of the list.
 * @typeParam Data the messages' data
 * @example
 * const room = messagesView<{ text: string }>(pushIt, "rooms/5", { last: 20 });
 * const leave = room.subscribe(() => render(room.getSnapshot().messages));
 */
export const messagesView = <Data = unknown>(
  client: PushIt,
  name: string,
  { last = DEFAULT_LAST, max = DEFAULT_MAX, token }: MessagesViewOptions = {},
): View<MessagesSnapshot<Data>> & MessagesActions<Data> =>
  viewWith(client, name, Messages, { last, max, token }, MESSAGES_ACTIONS);

/**
 * The members of a channel with presence. This client looks, and is not a member because of this view.
 * @example const members = membersView(pushIt, "rooms/5");
 */
export const membersView = (client: PushIt, name: string, { token }: ViewOptions = {}): View<MembersSnapshot> =>
  viewWith(client, name, Members, { token });

/**
 * Makes this client a member of a channel with presence while the view has a listener.
 * @param state what other members see: at most 512 bytes of JSON. The channel needs `presence: { state: true }`. Left
 * out: no state
 * @example const presence = presenceView(pushIt, "rooms/5", { at: "desk" });
 */
export const presenceView = (
  client: PushIt,
  name: string,
  state?: Json,
  { token }: ViewOptions = {},
): View<ChannelSnapshot> => viewWith(client, name, Part, { present: true, state, token });

/**
 * The members of a channel that are typing. The channel needs `presence: { state: true }`.
 * @example const typing = typingView(pushIt, "rooms/5");
 */
export const typingView = (
  client: PushIt,
  name: string,
  { token }: ViewOptions = {},
): View<TypingSnapshot> & TypingActions => viewWith(client, name, Typing, { token }, TYPING_ACTIONS);

/**
 * The last message of a channel that keeps it (`latest`), then each that arrives.
 * @typeParam Data the messages' data
 * @example const sensor = latestView<{ celsius: number }>(pushIt, "sensors/7");
 */
export const latestView = <Data = unknown>(
  client: PushIt,
  name: string,
  { token }: ViewOptions = {},
): View<LatestSnapshot<Data>> => viewWith(client, name, Latest, { token });
