import { BoundedMap } from "../bounded-map.js";
import type { PushIt } from "../push-it.js";
import type { ReceivedMessage } from "../types.js";
import { ChannelStore } from "./channel-store.js";
import type { PartClass } from "./part.js";
import type { ChannelSnapshot, View, Wish } from "./types.js";

/** For how many channels to remember the last message. The SDK remembers as many, and delivers none of them again. */
const MAX_REMEMBERED = 1_000;

/** The stores of one client. */
interface Stores {
  channels: Map<string, ChannelStore>;
  latest: BoundedMap<string, ReceivedMessage>;
}

/** By client, so that all components share them, also after a hot reload. */
const storesByClient = new WeakMap<PushIt, Stores>();

const storesOf = (client: PushIt): Stores => {
  const known = storesByClient.get(client);
  if (known) return known;
  const stores: Stores = { channels: new Map(), latest: new BoundedMap(MAX_REMEMBERED) };
  client.on("reset", () => stores.latest.clear());
  storesByClient.set(client, stores);
  return stores;
};

/** A view of a channel, and the methods of what is behind it. */
export interface ChannelView<Value> extends View<Value> {
  /** Calls a method, if a component listens now. */
  call(method: string, ...args: unknown[]): unknown;
  /** The wish has changed. */
  apply(): void;
}

/**
 * A view of a channel. Making one costs nothing: the store begins with the first listener.
 * @param name without one, the view is empty
 * @param kind the part that the component uses
 * @param wish what the component wants. If it changes, call `apply()`
 * @example const messages = channelView(pushIt, "rooms/5", Messages, { last: 50, max: 1_000 });
 */
export const channelView = <Data extends object>(
  client: PushIt,
  name: string | undefined,
  kind: PartClass<Data>,
  wish: Wish,
): ChannelView<ChannelSnapshot & Data> => {
  const find = (): ChannelStore | undefined => storesByClient.get(client)?.channels.get(name!);
  const initial: ChannelSnapshot & Data = {
    status: name === undefined ? "idle" : "subscribing",
    error: undefined,
    recovered: undefined,
    ...kind.empty,
  };
  return {
    subscribe(listener) {
      if (name === undefined) return () => {};
      const { channels, latest } = storesOf(client);
      const store = find() ?? new ChannelStore(client, name, latest, () => channels.delete(name));
      channels.set(name, store);
      const mute = client.channel(name).on("message", (message) => wish.onMessage?.(message));
      const leave = store.add({ kind, wish, listener });
      return () => {
        mute();
        leave();
      };
    },
    getSnapshot: () => (find()?.parts.get(kind)?.snapshot ?? initial) as ChannelSnapshot & Data,
    getServerSnapshot: () => initial,
    call(method, ...args) {
      const part = find()?.parts.get(kind) as Record<string, (...args: unknown[]) => unknown> | undefined;
      return part?.[method]!(...args);
    },
    apply: () => find()?.apply(),
  };
};
