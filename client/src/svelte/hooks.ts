import { getContext, onMount, setContext } from "svelte";
import { createSubscriber } from "svelte/reactivity";
import { toStore } from "svelte/store";
import type { Json } from "../../../protocol/json.js";
import type { Position } from "../../../protocol/history.js";
import type { Received } from "../json.js";
import type { PushIt } from "../push-it.js";
import { actionsOf, MESSAGES_ACTIONS, TYPING_ACTIONS, updateWish } from "../stores/actions.js";
import { type ChannelView, channelView } from "../stores/channel-view.js";
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

const CLIENT = Symbol();

/**
 * Gives a client to this component and all components below it. It neither connects nor disconnects the client. Make
 * the client in a module of its own, so that a hot reload of a component keeps the connection.
 * @example providePushIt(pushIt);
 */
export const providePushIt = (client: PushIt): void => {
  setContext(CLIENT, client);
};

/**
 * The client of the nearest `providePushIt`.
 * @throws Error without a client
 * @example const pushIt = usePushIt();
 */
export const usePushIt = (): PushIt => {
  const client = getContext<PushIt | undefined>(CLIENT);
  if (!client) throw new Error("No client: call providePushIt(pushIt).");
  return client;
};

/** A value, or a function that returns it. If the state that the function reads changes, its result is used anew. */
export type ValueOrGetter<Value> = Value | (() => Value);

/** The name of a channel, or a function that returns it. Without a name, the hook does nothing. */
export type ChannelName = ValueOrGetter<string | undefined>;

/** The options of every hook of a channel. */
export interface ChannelOptions {
  /**
   * `false`: the hook does nothing, as without a name.
   * @default true
   */
  enabled?: ValueOrGetter<boolean | undefined>;
  /**
   * Returns a token for the subscription guard. The SDK calls it before each request that needs a token.
   * @default - no token
   */
  token?: TokenFunction | undefined;
}

const valueOf = <Value>(source: ValueOrGetter<Value>): Value =>
  typeof source === "function" ? (source as () => Value)() : source;

/**
 * Calls `run` when the component is mounted, and again when state changes that `get` reads. The function that `run`
 * returns is called before the next call, and when the component is unmounted.
 */
const whileMounted = <Value>(get: () => Value, run: (value: Value) => () => void): void =>
  onMount(() => {
    let end = (): void => {};
    const stop = toStore(get).subscribe((value) => {
      end();
      end = run(value);
    });
    return () => {
      stop();
      end();
    };
  });

/** Actions, and the fields of a view's snapshot as getters that Svelte tracks. */
const useView = <Result>(view: () => View<object>, actions: object): Result => {
  let isMounted = false;
  let update = (): void => {};
  const track = createSubscriber((notify) => {
    update = notify;
  });
  whileMounted(view, (current) => {
    isMounted = true;
    const leave = current.subscribe(() => update());
    update();
    return leave;
  });
  for (const field of Object.keys(view().getServerSnapshot()))
    Object.defineProperty(actions, field, {
      enumerable: true,
      get: () => {
        track();
        const current = view();
        // A page begins with the fields that the server rendered.
        const snapshot = isMounted ? current.getSnapshot() : current.getServerSnapshot();
        return snapshot[field as keyof object];
      },
    });
  return actions as Result;
};

const useChannelView = <Result>(
  kind: PartClass,
  name: ChannelName,
  { enabled, ...options }: ChannelOptions & { [Option in keyof Wish]: unknown },
  actions: readonly string[] = [],
): Result => {
  const client = usePushIt();
  const wish: Wish = {};
  const view = (): ChannelView<object> =>
    channelView(client, valueOf(enabled) === false ? undefined : valueOf(name), kind, wish);
  whileMounted(
    () => {
      updateWish(wish, options, (option) => valueOf(option));
      return view();
    },
    (current) => {
      current.apply();
      return () => {};
    },
  );
  return useView(view, actionsOf(view, actions));
};

/** The result of `useConnection`. */
export interface UsedConnection extends Readonly<ConnectionSnapshot>, ConnectionActions {}

/**
 * The state of the connection.
 * @example
 * const connection = useConnection();
 * // {#if connection.state === "denied"}<button onclick={() => connection.connect()}>{connection.reason}</button>{/if}
 */
export const useConnection = (): UsedConnection => {
  const client = usePushIt();
  return useView(() => connectionView(client), {
    connect: ((options) => client.connect(options)) satisfies ConnectionActions["connect"],
  });
};

/** The options of `useChannel`. */
export interface UseChannelOptions<Data = unknown> extends ChannelOptions {
  /** Called with each message that arrives while the component is mounted. */
  onMessage?: ((message: ReceivedMessage<Received<Data>>) => void) | undefined;
  /**
   * The application's position: on a channel with history it first receives the messages after that.
   * @default - only messages that are published from now on
   */
  since?: ValueOrGetter<Partial<Position> | undefined>;
}

/** The result of `useChannel`. */
export interface UsedChannel<Data = unknown> extends Readonly<ChannelSnapshot>, ChannelActions<Data> {}

/**
 * Subscribes to a channel or wildcard.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example
 * const story = useChannel<Story>(() => `stories/${id}`, { onMessage: ({ data }) => show(data) });
 * // {#if story.status === "denied"}<p>{story.error?.message}</p>{/if}
 */
export function useChannel<const Name extends RegisteredName>(
  name: ValueOrGetter<Name | undefined>,
  options?: UseChannelOptions<RegisteredMessage<Name>>,
): UsedChannel<RegisteredMessage<Name>>;
export function useChannel<Data = unknown>(name: ChannelName, options?: UseChannelOptions<Data>): UsedChannel<Data>;
export function useChannel<Data>(name: ChannelName, options: UseChannelOptions<Data> = {}): UsedChannel<Data> {
  const client = usePushIt();
  const publish: ChannelActions<Data>["publish"] = (data, how) =>
    client.channel<Data>(valueOf(name)!).publish(data, how);
  return Object.assign(useChannelView<UsedChannel<Data>>(Part, name, options), { publish });
}

/** The options of `useMessages`. */
export interface UseMessagesOptions extends ChannelOptions {
  /**
   * How many of the newest messages to begin with, 1 to 100, on a channel with history. 0: none.
   * @default 50
   */
  last?: ValueOrGetter<number> | undefined;
  /**
   * The most messages to keep in memory. If more arrive, the oldest leave; `loadOlder` adds to this number.
   * @default 1_000
   */
  max?: ValueOrGetter<number> | undefined;
}

/** The result of `useMessages`. */
export interface UsedMessages<Data = unknown> extends Readonly<MessagesSnapshot<Data>>, MessagesActions<Data> {}

/**
 * The messages of a channel: the newest of its history, then all that arrive. After a reconnection, missed messages are
 * added. If they cannot be recovered, the newest of the history take the place of the list.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example
 * const chat = useMessages<{ text: string }>(() => room, { last: 20 });
 * // {#each chat.messages as { uuid, data, status } (uuid)}<p class={status}>{data.text}</p>{/each}
 */
export function useMessages<const Name extends RegisteredName>(
  name: ValueOrGetter<Name | undefined>,
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
 * The members of a channel with presence. This client looks, and is not a member because of this hook.
 * @param name without one, the hook does nothing
 * @example const room = useMembers("rooms/5"); // room.members
 */
export function useMembers<const Name extends RegisteredName>(
  name: ValueOrGetter<Name | undefined>,
  options?: ChannelOptions,
): Readonly<MembersSnapshot<RegisteredState<Name>>>;
export function useMembers<State = Json>(name: ChannelName, options?: ChannelOptions): Readonly<MembersSnapshot<State>>;
export function useMembers<State>(name: ChannelName, options: ChannelOptions = {}): Readonly<MembersSnapshot<State>> {
  return useChannelView(Members, name, options);
}

/**
 * Makes this client a member of a channel with presence while the component is mounted.
 * @param name without one, the hook does nothing
 * @param state what other members see: at most 512 bytes of JSON. It is set again when it or a field of it changes, at
 * most 4 times a second. The channel needs `presence: { state: true }`. Left out: no state
 * @example usePresence("rooms/5", () => ({ cursor }));
 */
export function usePresence<const Name extends RegisteredName>(
  name: ValueOrGetter<Name | undefined>,
  state?: ValueOrGetter<RegisteredState<Name> | undefined>,
  options?: ChannelOptions,
): Readonly<ChannelSnapshot>;
export function usePresence(
  name: ChannelName,
  state?: ValueOrGetter<Json | undefined>,
  options?: ChannelOptions,
): Readonly<ChannelSnapshot>;
export function usePresence(
  name: ChannelName,
  state?: ValueOrGetter<unknown>,
  options: ChannelOptions = {},
): Readonly<ChannelSnapshot> {
  return useChannelView(Part, name, { present: true, state, ...options });
}

/** The result of `useTyping`. */
export interface UsedTyping extends Readonly<TypingSnapshot>, TypingActions {}

/**
 * The members of a channel that are typing. The channel needs `presence: { state: true }`.
 * @param name without one, the hook does nothing
 * @example
 * const typists = useTyping("rooms/5");
 * // <input oninput={typists.keystroke} onblur={typists.stop} /> {typists.typing.length}
 */
export const useTyping = (name: ChannelName, options: ChannelOptions = {}): UsedTyping =>
  useChannelView(Typing, name, options, TYPING_ACTIONS);

/**
 * The last message of a channel that keeps it (`latest`), then each that arrives.
 * @typeParam Data the messages' data. Left out: what `Register` declares for the channel, or unknown
 * @param name without one, the hook does nothing
 * @example const sensor = useLatest<{ celsius: number }>("sensors/7"); // sensor.message?.data.celsius
 */
export function useLatest<const Name extends RegisteredName>(
  name: ValueOrGetter<Name | undefined>,
  options?: ChannelOptions,
): Readonly<LatestSnapshot<RegisteredMessage<Name>>>;
export function useLatest<Data = unknown>(name: ChannelName, options?: ChannelOptions): Readonly<LatestSnapshot<Data>>;
export function useLatest<Data>(name: ChannelName, options: ChannelOptions = {}): Readonly<LatestSnapshot<Data>> {
  return useChannelView(Latest, name, options);
}
