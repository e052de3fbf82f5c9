import { isWildcard } from "../../protocol/channel.js";
import type { Json } from "../../protocol/json.js";
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
  /**
   * `true`: subscribers receive the message now or never. The server keeps nothing of it, also on channels with history
   * or `latest`. For typing indicators and cursors.
   * @default false
   * @example room.publish({ typing: true }, { ephemeral: true, echo: false })
   */
  ephemeral?: boolean | undefined;
}

/**
 * The data that a channel accepts: `Data` as far as JSON can carry it, or without a known type any value that JSON can
 * carry.
 * @example const post = <Data>(channel: Channel<Data>, data: DataToSend<Data>) => channel.publish(data);
 */
export type DataToSend<Data, Sent = Data> = unknown extends Data ? Sent & Sendable<Sent> : Sendable<Data>;

/**
 * One part of an application on one channel or wildcard, with promises, listeners and `for await`. Each object holds
 * its own subscription. When the last object of a channel has unsubscribed, the SDK unsubscribes from the server.
 * @typeParam Data the messages' data
 * @typeParam State the members' states
 */
export class BaseChannel<Data = unknown, State = Json> implements AsyncIterable<ReceivedMessage<Received<Data>>> {
  /** Its name. */
  readonly name: string;
  /** Keeps Vue from wrapping this object in a proxy, through which methods could not reach private fields. */
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
   * Subscribes. When the promise is fulfilled, every message that is published from now on arrives. It is also
   * fulfilled if this object calls `unsubscribe()` meanwhile. Rejects with a `PushItError`.
   * @example await chat.subscribe({ since: JSON.parse(localStorage.chat) })
   */
  subscribe(options?: SubscribeOptions): Promise<void> {
    this.#hasSubscribed = true;
    return toPromise((callback) => this.#client.hold(this.name, this, options, callback));
  }

  /**
   * Unsubscribes, and ends the `for await` loops on this object. Rejects with a `PushItError`. If this object has never
   * subscribed, it ends the subscription of `pushIt.subscribe` or of the option `channels`.
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
   * Publishes. The promise is fulfilled when the server has sent the message to every subscriber. On a channel with
   * `linger`, it is fulfilled when the server has stored the message. Rejects with a `PushItError`.
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
   * Listens to an event of this channel. This does not subscribe.
   * @returns a function that removes the listener
   */
  on<Event extends keyof ChannelEvents>(
    event: Event,
    listener: (value: ChannelEvents<Received<Data>, Received<State>>[Event]) => void,
  ): () => void {
    const receive = (value: Events[Event]): void => {
      const channel = value.channel!;
      // Channel names from the server are well-formed. So a prefix is enough to know that a channel is below the
      // wildcard.
      const isBelow = event === "message" && isWildcard(this.name) && channel.startsWith(this.name.slice(0, -1));
      if (channel === this.name || isBelow) listener(value as ChannelEvents<Received<Data>, Received<State>>[Event]);
    };
    return this.#client.emitter.on(event, receive, this);
  }

  /**
   * Subscribes and yields the messages, in a `for await` loop. Leaving the loop removes its listener, but the
   * subscription stays. `unsubscribe()` ends the loop. A denial is thrown in it, also a later one after a reconnection.
   * If the loop is slower than the channel, messages wait in memory.
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
        // After a retryable error, the SDK tries again by itself.
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
 * The promise of a call. Its error is never an uncaught one, because the `unsubscribed` event and the state report the
 * failure, too.
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
