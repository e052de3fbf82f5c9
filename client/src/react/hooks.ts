import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Received } from "../json.js";
import type { RegisteredMessage, RegisteredName, RegisteredState } from "../registered-channels.js";
import { actionsOf, MESSAGES_ACTIONS, TYPING_ACTIONS } from "../stores/actions.js";
import { channelView } from "../stores/channel-view.js";
import { connectionView } from "../stores/connection-view.js";
import { Latest } from "../stores/latest.js";
import { Members } from "../stores/members.js";
import { DEFAULT_LAST, DEFAULT_MAX, Messages } from "../stores/messages.js";
import { Part, type PartClass } from "../stores/part.js";
import { Typing } from "../stores/typing.js";
import type {
  ChannelActions,
  ChannelSnapshot,
  ConnectionActions,
  ConnectionSnapshot,
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
import { usePushIt } from "./context.js";

/** The options of every hook of a channel. */
export interface ChannelOptions {
  /**
   * `false`: the hook does nothing, as without a name.
   * @default true
   */
  enabled?: boolean | undefined;
  /**
   * Returns a token for the subscription guard. It may be another function on each render: the SDK calls the last one
   * before each request that needs a token.
   * @default - no token
   */
  token?: TokenFunction | undefined;
}

const NO_ACTIONS: readonly string[] = [];

const useView = <Value>(view: View<Value>): Value =>
  useSyncExternalStore(view.subscribe, view.getSnapshot, view.getServerSnapshot);

/**
 * The snapshot of a view of a channel, together with methods of what is behind it.
 */
const useChannelView = <Result extends ChannelSnapshot>(
  kind: PartClass,
  name: string | undefined,
  { enabled = true, ...options }: Wish & ChannelOptions,
  methods = NO_ACTIONS,
): Result => {
  const client = usePushIt();
  const [wish] = useState(() => ({ ...options }));
  const view = useMemo(
    () => channelView(client, enabled ? name : undefined, kind, wish),
    [client, enabled, name, kind, wish],
  );
  // Before the store begins, and after each render: the options may have changed.
  useEffect(() => {
    Object.assign(wish, options);
    view.apply();
  });
  const actions = useMemo(() => actionsOf(() => view, methods), [view, methods]);
  const snapshot = useView(view);
  return useMemo(() => ({ ...snapshot, ...actions }) as unknown as Result, [snapshot, actions]);
};

/** The result of `useConnection`. */
export interface UsedConnection extends ConnectionSnapshot, ConnectionActions {}

/**
 * The state of the connection.
 * @example
 * const { state, reason, connect } = useConnection();
 * if (state === "denied") return <button onClick={() => connect()}>{reason} Try again</button>;
 */
export const useConnection = (): UsedConnection => {
  const client = usePushIt();
  const snapshot = useView(connectionView(client));
  return useMemo(() => ({ ...snapshot, connect: (options) => client.connect(options) }), [client, snapshot]);
};

/** The options of `useChannel`. */
export interface UseChannelOptions<Data = unknown> extends ChannelOptions {
  /**
   * Called with each message that arrives while the component is mounted. It may be another function on each render.
   */
  onMessage?: ((message: ReceivedMessage<Received<Data>>) => void) | undefined;
  /**
   * The application's position: on a channel with history it first receives the messages after that.
   * @default - only messages that are published from now on
   */
  since?: Partial<Position> | undefined;
}

/** The result of `useChannel`. `publish` is the same function on each render. */
export interface UsedChannel<Data = unknown> extends ChannelSnapshot, ChannelActions<Data> {}

/**
 * Subscribes to a channel or wildcard.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example
 * const { status, error, publish } = useChannel<Story>("stories/5", { onMessage: ({ data }) => show(data) });
 * if (status === "denied") return <p>{error.message}</p>;
 */
export function useChannel<const Name extends RegisteredName>(
  name: Name | undefined,
  options?: UseChannelOptions<RegisteredMessage<Name>>,
): UsedChannel<RegisteredMessage<Name>>;
export function useChannel<Data = unknown>(
  name: string | undefined,
  options?: UseChannelOptions<Data>,
): UsedChannel<Data>;
export function useChannel(name: string | undefined, { onMessage, ...options }: UseChannelOptions = {}): UsedChannel {
  const client = usePushIt();
  const snapshot = useChannelView<ChannelSnapshot>(Part, name, { onMessage, ...options });
  return useMemo(
    () => ({ ...snapshot, publish: (data, how) => client.channel<Json>(name!).publish(data as Json, how) }),
    [client, name, snapshot],
  );
}

/** The options of `useMessages`. */
export interface UseMessagesOptions extends ChannelOptions {
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

/** The result of `useMessages`. Its functions are the same on each render. */
export interface UsedMessages<Data = unknown> extends MessagesSnapshot<Data>, MessagesActions<Data> {}

/**
 * The messages of a channel: the newest of its history, then all that arrive. After a reconnection, missed messages are
 * added. If they cannot be recovered, the newest of the history take the place of the list.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example
 * const { messages, publish, hasOlder, loadOlder } = useMessages<{ text: string }>("rooms/5", { last: 20 });
 * return messages.map(({ uuid, data, status }) => <p key={uuid} className={status}>{data.text}</p>);
 */
export function useMessages<const Name extends RegisteredName>(
  name: Name | undefined,
  options?: UseMessagesOptions,
): UsedMessages<RegisteredMessage<Name>>;
export function useMessages<Data = unknown>(name: string | undefined, options?: UseMessagesOptions): UsedMessages<Data>;
export function useMessages(
  name: string | undefined,
  { last = DEFAULT_LAST, max = DEFAULT_MAX, ...options }: UseMessagesOptions = {},
): UsedMessages {
  return useChannelView(Messages, name, { last, max, ...options }, MESSAGES_ACTIONS);
}

/**
 * The members of a channel with presence. This client looks, and is not a member because of this hook.
 * @typeParam State the members' states. Left out: what `Register` declares for the channel, or any JSON
 * @param name without one, the hook does nothing
 * @example
 * const { members } = useMembers("rooms/5");
 * return members.map(({ agent, userId, own }) => <li key={agent}>{userId} {own && "(you)"}</li>);
 */
export function useMembers<const Name extends RegisteredName>(
  name: Name | undefined,
  options?: ChannelOptions,
): MembersSnapshot<RegisteredState<Name>>;
export function useMembers<State = Json>(name: string | undefined, options?: ChannelOptions): MembersSnapshot<State>;
export function useMembers(name: string | undefined, options: ChannelOptions = {}): MembersSnapshot {
  return useChannelView(Members, name, options);
}

/**
 * Makes this client a member of a channel with presence while the component is mounted.
 * @param name without one, the hook does nothing
 * @param state what other members see: at most 512 bytes of JSON. It is set again when it changes, at most 4 times a
 * second. The channel needs `presence: { state: true }`. Left out: no state
 * @example usePresence("rooms/5", { cursor });
 */
export function usePresence<const Name extends RegisteredName>(
  name: Name | undefined,
  state?: RegisteredState<Name>,
  options?: ChannelOptions,
): ChannelSnapshot;
export function usePresence(name: string | undefined, state?: Json, options?: ChannelOptions): ChannelSnapshot;
export function usePresence(name: string | undefined, state?: unknown, options: ChannelOptions = {}): ChannelSnapshot {
  return useChannelView(Part, name, { present: true, state: state as Json | undefined, ...options });
}

/** The result of `useTyping`. Its functions are the same on each render. */
export interface UsedTyping extends TypingSnapshot, TypingActions {}

/**
 * The members of a channel that are typing. The channel needs `presence: { state: true }`.
 * @param name without one, the hook does nothing
 * @example
 * const { typing, keystroke, stop } = useTyping("rooms/5");
 * return <><input onInput={keystroke} onBlur={stop} />{typing.map(({ userId }) => userId)}</>;
 */
export const useTyping = (name: string | undefined, options: ChannelOptions = {}): UsedTyping => {
  return useChannelView(Typing, name, options, TYPING_ACTIONS);
};

/**
 * The last message of a channel that keeps it (`latest`), then each that arrives.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example
 * const { message } = useLatest<{ celsius: number }>("sensors/7");
 * return <b>{message?.data.celsius ?? "–"}</b>;
 */
export function useLatest<const Name extends RegisteredName>(
  name: Name | undefined,
  options?: ChannelOptions,
): LatestSnapshot<RegisteredMessage<Name>>;
export function useLatest<Data = unknown>(name: string | undefined, options?: ChannelOptions): LatestSnapshot<Data>;
export function useLatest(name: string | undefined, options: ChannelOptions = {}): LatestSnapshot {
  return useChannelView(Latest, name, options);
}
