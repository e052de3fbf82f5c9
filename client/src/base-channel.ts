import { isWildcard } from "../../protocol/channel.js";
import type { Client } from "./client.js";
import type { PushItError } from "./errors.js";
import type { Received, Sendable } from "./json.js";
import type {
  ChannelEvents,
  Events,
  PublishRequest,
  PublishResult,
  ReceivedMessage,
  SubscribeOptions,
} from "./types.js";

/** How to publish on a channel. */
export interface PublishOptions {
  /**
   * `false` spares this client its own copy, if it is subscribed.
   * @default true
   */
  echo?: boolean | undefined;
}

/**
 * What a channel takes as data: of a known type what JSON can carry of it, otherwise anything that JSON can carry.
 * @example const post = <Data>(channel: Channel<Data>, data: DataToSend<Data>) => channel.publish(data);
 */
export type DataToSend<Data, Sent = Data> = unknown extends Data ? Sent & Sendable<Sent> : Sendable<Data>;

/**
 * One part of an application on one channel or wildcard: promises, listeners and `for await`. Each object holds its own
 * subscription: the server is asked to unsubscribe when the last one has left.
 * @typeParam Data what is published on it
 */
export class BaseChannel<Data = unknown> implements AsyncIterable<ReceivedMessage<Received<Data>>> {
  /** Its name. */
  readonly name: string;
  /** Vue leaves an object with this mark as it is: a proxy would keep methods from their private fields. */
  readonly __v_skip = true;
  readonly #client: Client;
  /** Ends the `for await` loops on this object. */
  readonly #loopEnds = new Set<() => void>();
  #hasSubscribed = false;

  /** @internal */
  constructor(client: Client, name: string) {
    this.#client = client;
    this.name = name;
  }

  /**
   * Subscribes. Fulfilled: every message that is published from now on arrives. Rejects with a `PushItError`. If this
   * object's own `unsubscribe()` overtakes it, it is fulfilled, too.
   * @example await chat.subscribe({ since: JSON.parse(localStorage.chat) })
   */
  subscribe(options?: SubscribeOptions): Promise<void> {
    this.#hasSubscribed = true;
    return toPromise((callback) => this.#client.hold(this.name, this, options?.since, callback));
  }

  /**
   * Unsubscribes, and ends the `for await` loops on this object. Rejects with a `PushItError`. An object that has never
   * subscribed unsubscribes what `pushIt.subscribe` or the option `channels` subscribed to.
   */
  unsubscribe(): Promise<void> {
    const holder = this.#hasSubscribed ? this : this.#client.ownHolder;
    return toPromise((callback) =>
      this.#client.subscriptions.release(this.name, holder, (error) => {
        if (!error) for (const end of this.#loopEnds) end();
        callback(error);
      }),
    );
  }

  /**
   * Publishes. Fulfilled when every subscriber was posted to, or, on a channel that lingers, when the message is stored to
   * be delivered with others. Rejects with a `PushItError`.
   */
  publish<Sent extends Data>(data: DataToSend<Data, Sent>, options?: PublishOptions): Promise<PublishResult> {
    return new Promise((resolve, reject) => {
      this.#client.publish("publish", this.#request(data, options), reject, resolve);
    });
  }

  /**
   * Publishes without a reply, as `pushIt.send` does.
   * @returns the message's id
   */
  send<Sent extends Data>(data: DataToSend<Data, Sent>, options?: PublishOptions): string {
    return this.#client.publish("send", this.#request(data, options));
  }

  /**
   * Listens to an event of this channel. Listening alone does not subscribe.
   * @returns a function that removes the listener
   */
  on<Event extends keyof ChannelEvents>(
    event: Event,
    listener: (value: ChannelEvents<Received<Data>>[Event]) => void,
  ): () => void {
    return this.#client.emitter.on(event, (value: Events[Event]) => {
      const channel = value.channel!;
      // What arrives is well-formed: below the wildcard is what begins as it does.
      const isBelow = event === "message" && isWildcard(this.name) && channel.startsWith(this.name.slice(0, -1));
      if (channel === this.name || isBelow) listener(value as ChannelEvents<Received<Data>>[Event]);
    });
  }

  /**
   * Subscribes and gives the messages, in a `for await` loop. Leaving the loop removes its listener; the subscription
   * stays. `unsubscribe()` ends the loop. A denial is thrown in it, also one after a reconnection. Messages that the loop
   * is too slow for wait in memory.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage<Received<Data>>, void, undefined> {
    const messages: ReceivedMessage<Received<Data>>[] = [];
    let ended: { error?: PushItError | undefined } | undefined;
    let proceed = (): void => {};
    const end = (how: { error?: PushItError | undefined } = {}): void => {
      ended = how;
      proceed();
    };
    const endLoop = (): void => end();
    const removals = [
      this.on("message", (message) => {
        messages.push(message);
        proceed();
      }),
      this.on("unsubscribed", end),
      () => this.#loopEnds.delete(endLoop),
    ];
    this.#loopEnds.add(endLoop);
    try {
      await this.subscribe().catch((error: PushItError) => {
        // After others the SDK tries again.
        if (!error.retryable) throw error;
      });
      for (;;) {
        while (messages[0]) yield messages.shift()!;
        if (ended?.error) throw ended.error;
        if (ended) return;
        await new Promise<void>((resolve) => (proceed = resolve));
      }
    } finally {
      for (const remove of removals) remove();
    }
  }

  #request(data: unknown, options?: PublishOptions): PublishRequest {
    return { ...options, channel: this.name, data };
  }
}

/**
 * The promise of a call. If nobody waits for it, its error is no uncaught one: the `unsubscribed` event and the state say
 * the same.
 */
const toPromise = (call: (callback: (error?: PushItError) => void) => void): Promise<void> => {
  const promise = new Promise<void>((resolve, reject) => {
    call((error) => {
      if (error && error.code !== "superseded") reject(error);
      else resolve();
    });
  });
  promise.catch(() => {});
  return promise;
};
