import type { Channel } from "../channel.js";
import type { PushItError } from "../errors.js";
import type { PushIt } from "../push-it.js";
import type { ReceivedMessage } from "../types.js";
import type { ChannelSnapshot, Wish } from "./types.js";

/** The channel's store, as its parts see it. */
export interface PartContext {
  readonly client: PushIt;
  /** Receives each message once, and the events. */
  readonly live: Channel;
  /** Subscribes with `last`: receives the newest messages, and then each message once. */
  readonly reader: Channel;
  readonly state: ChannelSnapshot;
  /** How many of the newest messages a component wants. */
  readonly last: number;
  /** The most messages that a component wants to keep. */
  readonly max: number;
  /** The last message that arrived. */
  readonly latest: ReceivedMessage | undefined;
  /**
   * Reports an error.
   * @param isDenial whether the channel is denied because of it. By default, if it is not retryable
   */
  fail(error: PushItError, isDenial?: boolean): void;
  /** Brings the subscription and the state to what the components want. */
  apply(): void;
  /** The wish of a component that uses a part of this class. */
  wishOf(kind: PartClass): Wish | undefined;
  /** Calls the listeners soon. */
  notify(): void;
}

/** A class of parts. A page has the code of the parts that its hooks use, and of no others. */
export interface PartClass<Data extends object = object> {
  new (store: PartContext): Part<Data>;
  /** Its part of a snapshot before it has begun. */
  readonly empty: Data;
}

/** One part of what the components of a channel share. It begins with the first component that wants it. */
export class Part<Data extends object = object> {
  static readonly empty = {};
  protected readonly store: PartContext;
  /** Remove the listeners of this part. */
  protected removals: (() => void)[] = [];
  #snapshot: (ChannelSnapshot & Data) | undefined;

  constructor(store: PartContext) {
    this.store = store;
  }

  /** The same object until something changes. */
  get snapshot(): ChannelSnapshot & Data {
    return (this.#snapshot ??= { ...this.store.state, ...this.read() });
  }

  /** Reports that the snapshot changed. */
  changed(): void {
    this.#snapshot = undefined;
    this.store.notify();
  }

  /** The channel is subscribed, for the first time or again. */
  onSubscribed(_recovered?: boolean): void {}

  dispose(): void {
    for (const remove of this.removals) remove();
  }

  /** Its own part of the snapshot. */
  protected read(): Data {
    return {} as Data;
  }
}
