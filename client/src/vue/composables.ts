import {
  type App,
  computed,
  type ComputedRef,
  getCurrentInstance,
  inject,
  type InjectionKey,
  type MaybeRefOrGetter,
  onActivated,
  onDeactivated,
  provide,
  shallowRef,
  ssrContextKey,
  toValue,
  watchPostEffect,
} from "vue";
import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Received } from "../json.js";
import type { PushIt } from "../push-it.js";
import { actionsOf, MESSAGES_ACTIONS, TYPING_ACTIONS, updateWish } from "../stores/actions.js";
import { channelView } from "../stores/channel-view.js";
import { connectionView } from "../stores/connection-view.js";
import type { RegisteredMessage, RegisteredName, RegisteredState } from "../registered-channels.js";
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

const CLIENT: InjectionKey<PushIt> = Symbol();

/**
 * Gives a client to the composables of an application, or in a component's setup to all components below it. It neither
 * connects nor disconnects the client. Make the client in a module of its own, so that a hot reload of a component keeps
 * the connection.
 * @example
 * const pushIt = new PushIt({ url: "wss://…" });
 * const app = createApp(App);
 * providePushIt(pushIt, app);
 */
export const providePushIt = (
  client: PushIt,
  app: Pick<App, "provide"> | { provide: typeof provide } = { provide },
): void => {
  app.provide(CLIENT, client);
};

/**
 * The client of the nearest `providePushIt`, or of the application.
 * @throws Error without a client
 * @example const pushIt = usePushIt();
 */
export const usePushIt = (): PushIt => {
  const client = inject(CLIENT, null);
  if (!client) throw new Error("No client: call providePushIt().");
  return client;
};

/** The name of a channel: a string, a ref or a getter. Without one, the composable does nothing. */
export type ChannelName = MaybeRefOrGetter<string | undefined>;

/** Each field of a snapshot as a ref. */
export type Refs<Snapshot> = { readonly [Field in keyof Snapshot]: ComputedRef<Snapshot[Field]> };

/** The options of every composable of a channel. */
export interface ChannelOptions {
  /**
   * `false`: the composable does nothing, as without a name.
   * @default true
   */
  enabled?: MaybeRefOrGetter<boolean | undefined>;
  /**
   * Returns a token for the subscription guard. The SDK calls it before each request that needs a token.
   * @default - no token
   */
  token?: TokenFunction | undefined;
}

/** The view's snapshot as refs. It is followed while the component is mounted, and not while `KeepAlive` hides it. */
const useView = <Value extends object>(view: { readonly value: View<Value> }): Refs<Value> => {
  const instance = getCurrentInstance();
  const isShown = shallowRef(true);
  if (instance) {
    onDeactivated(() => (isShown.value = false));
    onActivated(() => (isShown.value = true));
  }
  // On a server, or in a page that takes over what a server rendered: Vue has set the element of such a component.
  const change = shallowRef<unknown>(!(instance?.vnode.el ?? inject(ssrContextKey, null)));
  watchPostEffect((onCleanup) => {
    if (isShown.value) onCleanup(view.value.subscribe(() => (change.value = {})));
    change.value = {};
  });
  const snapshot = computed(() => view.value[change.value ? "getSnapshot" : "getServerSnapshot"]());
  return Object.fromEntries(
    Object.keys(snapshot.value).map((field) => [field, computed(() => snapshot.value[field as keyof Value])]),
  ) as Refs<Value>;
};

const useChannelView = <Result>(
  kind: PartClass,
  name: ChannelName,
  { enabled, ...options }: ChannelOptions & { [Option in keyof Wish]: unknown },
  actions: readonly string[] = [],
): Result => {
  const client = usePushIt();
  const wish: Wish = {};
  const view = computed(() => channelView(client, toValue(enabled) === false ? undefined : toValue(name), kind, wish));
  watchPostEffect(() => {
    updateWish(wish, options, toValue);
    view.value.apply();
  });
  return { ...useView(view), ...actionsOf(() => view.value, actions) } as Result;
};

/** The result of `useConnection`. */
export type UsedConnection = Refs<ConnectionSnapshot> & ConnectionActions;

/**
 * The state of the connection.
 * @example
 * const { state, reason, connect } = useConnection();
 */
export const useConnection = (): UsedConnection => {
  const client = usePushIt();
  return {
    ...useView({ value: connectionView(client) }),
    connect: (options) => client.connect(options),
  };
};

/** The options of `useChannel`. */
export interface UseChannelOptions<Data = unknown> extends ChannelOptions {
  /** Called with each message that arrives while the component is mounted. */
  onMessage?: ((message: ReceivedMessage<Received<Data>>) => void) | undefined;
  /**
   * The application's position: on a channel with history it first receives the messages after that.
   * @default - only messages that are published from now on
   */
  since?: MaybeRefOrGetter<Partial<Position> | undefined>;
}

/** The result of `useChannel`. */
export type UsedChannel<Data = unknown> = Refs<ChannelSnapshot> & ChannelActions<Data>;

/**
 * Subscribes to a channel or wildcard.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the composable does nothing
 * @example
 * const { status, error, publish } = useChannel<Story>("stories/5", { onMessage: ({ data }) => show(data) });
 */
export function useChannel<const Name extends RegisteredName>(
  name: MaybeRefOrGetter<Name | undefined>,
  options?: UseChannelOptions<RegisteredMessage<Name>>,
): UsedChannel<RegisteredMessage<Name>>;
export function useChannel<Data = unknown>(name: ChannelName, options?: UseChannelOptions<Data>): UsedChannel<Data>;
export function useChannel<Data>(name: ChannelName, options: UseChannelOptions<Data> = {}): UsedChannel<Data> {
  const client = usePushIt();
  return {
    ...useChannelView<Refs<ChannelSnapshot>>(Part, name, options),
    publish: (data, how) => client.channel<Data>(toValue(name)!).publish(data, how),
  };
}

/** The options of `useMessages`. */
export interface UseMessagesOptions extends ChannelOptions {
  /**
   * How many of the newest messages to begin with, 1 to 100, on a channel with history. 0: none.
   * @default 50
   */
  last?: MaybeRefOrGetter<number> | undefined;
  /**
   * The most messages to keep in memory. If more arrive, the oldest leave; `loadOlder` adds to this number.
   * @default 1_000
   */
  max?: MaybeRefOrGetter<number> | undefined;
}

/** The result of `useMessages`. */
export type UsedMessages<Data = unknown> = Refs<MessagesSnapshot<Data>> & MessagesActions<Data>;

/**
 * The messages of a channel: the newest of its history, then all that arrive. After a reconnection, missed messages are
 * added. If they cannot be recovered, the newest of the history take the place of the list.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the composable does nothing
 * @example
 * const { messages, publish, hasOlder, loadOlder } = useMessages<{ text: string }>(() => props.room, { last: 20 });
 */
export function useMessages<const Name extends RegisteredName>(
  name: MaybeRefOrGetter<Name | undefined>,
  options?: UseMessagesOptions,
): UsedMessages<RegisteredMessage<Name>>;
export function useMessages<Data = unknown>(name: ChannelName, options?: UseMessagesOptions): UsedMessages<Data>;
export function useMessages<Data>(
  name: ChannelName,
  { last = DEFAULT_LAST, max = DEFAULT_MAX, ...options }: UseMessagesOptions = {},
): UsedMessages<Data> {
  return useChannelView(Messages, name, { last, max, ...options }, MESSAGES_ACTIONS);
}

/**
 * The members of a channel with presence. This client looks, and is not a member because of this composable.
 * @param name without one, the composable does nothing
 * @example const { members } = useMembers("rooms/5");
 */
export function useMembers<const Name extends RegisteredName>(
  name: MaybeRefOrGetter<Name | undefined>,
  options?: ChannelOptions,
): Refs<MembersSnapshot<RegisteredState<Name>>>;
export function useMembers<State = Json>(name: ChannelName, options?: ChannelOptions): Refs<MembersSnapshot<State>>;
export function useMembers<State>(name: ChannelName, options: ChannelOptions = {}): Refs<MembersSnapshot<State>> {
  return useChannelView(Members, name, options);
}

/**
 * Makes this client a member of a channel with presence while the component is mounted.
 * @param name without one, the composable does nothing
 * @param state what other members see: at most 512 bytes of JSON. It is set again when it or a field of it changes, at
 * most 4 times a second. The channel needs `presence: { state: true }`. Left out: no state
 * @example usePresence("rooms/5", () => ({ cursor: cursor.value }));
 */
export function usePresence<const Name extends RegisteredName>(
  name: MaybeRefOrGetter<Name | undefined>,
  state?: MaybeRefOrGetter<RegisteredState<Name> | undefined>,
  options?: ChannelOptions,
): Refs<ChannelSnapshot>;
export function usePresence(
  name: ChannelName,
  state?: MaybeRefOrGetter<Json | undefined>,
  options?: ChannelOptions,
): Refs<ChannelSnapshot>;
export function usePresence(
  name: ChannelName,
  state?: MaybeRefOrGetter<unknown>,
  options: ChannelOptions = {},
): Refs<ChannelSnapshot> {
  return useChannelView(Part, name, { present: true, state, ...options });
}

/** The result of `useTyping`. */
export type UsedTyping = Refs<TypingSnapshot> & TypingActions;

/**
 * The members of a channel that are typing. The channel needs `presence: { state: true }`.
 * @param name without one, the composable does nothing
 * @example const { typing, keystroke, stop } = useTyping("rooms/5");
 */
export const useTyping = (name: ChannelName, options: ChannelOptions = {}): UsedTyping =>
  useChannelView(Typing, name, options, TYPING_ACTIONS);

/**
 * The last message of a channel that keeps it (`latest`), then each that arrives.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the composable does nothing
 * @example const { message } = useLatest<{ celsius: number }>("sensors/7");
 */
export function useLatest<const Name extends RegisteredName>(
  name: MaybeRefOrGetter<Name | undefined>,
  options?: ChannelOptions,
): Refs<LatestSnapshot<RegisteredMessage<Name>>>;
export function useLatest<Data = unknown>(name: ChannelName, options?: ChannelOptions): Refs<LatestSnapshot<Data>>;
export function useLatest<Data>(name: ChannelName, options: ChannelOptions = {}): Refs<LatestSnapshot<Data>> {
  return useChannelView(Latest, name, options);
}
