import { isWildcard } from "../../protocol/channel.js";
import type { PushItError } from "./errors.js";
import type { PushIt } from "./core-push-it.js";
import type { ChannelEvents, Events, Published, ReceivedMessage, SubscribeOptions } from "./types.js";

/**
 * A channel or wildcard of a `PushIt`: promises, listeners and `for await` on the same connection.
 * @typeParam Data what its messages carry
 * @example
 * const stories = pushIt.channel<Story>("stories/5");
 * const off = stories.on("message", ({ data }) => show(data));
 * await stories.subscribe();
 * await stories.publish({ title: "Once" }, { echo: false });
 */
export class Channel<Data = unknown> implements AsyncIterable<ReceivedMessage<Data>> {
  /** Its name. */
  declare readonly name: string;
  /** @internal */
  declare readonly _pushIt: PushIt;

  constructor(pushIt: PushIt, name: string) {
    this._pushIt = pushIt;
    this.name = name;
  }

  /**
   * Subscribes. Fulfilled: every message that is published from now on arrives. Rejects with a `PushItError`.
   * @example await chat.subscribe({ since: JSON.parse(localStorage.chat) })
   */
  subscribe(options?: SubscribeOptions): Promise<void> {
    return new Promise((resolve, reject) => this._pushIt.subscribe(this.name, reject, () => resolve(), options));
  }

  /** Unsubscribes, and ends the `for await` loops on the channel. Rejects with a `PushItError`. */
  unsubscribe(): Promise<void> {
    return new Promise((resolve, reject) => this._pushIt.unsubscribe(this.name, reject, () => resolve()));
  }

  /**
   * Publishes. Fulfilled when every subscriber was posted to, or, on a channel that lingers, when the message is stored to
   * be delivered with others; rejects with a `PushItError`.
   * @param options `echo: false` spares this client its own copy
   */
  publish(data: Data, options?: { echo?: boolean }): Promise<Published> {
    return new Promise((resolve, reject) =>
      this._pushIt.publish({ ...options, channel: this.name, data }, reject, resolve),
    );
  }

  /**
   * Publishes without an answer, as `pushIt.send` does.
   * @returns the message's id
   */
  send(data: Data, options?: { echo?: boolean }): string {
    return this._pushIt.send({ ...options, channel: this.name, data });
  }

  /**
   * Listens to an event of this channel. Listening alone does not subscribe.
   * @returns a function that removes the listener
   */
  on<Event extends keyof ChannelEvents>(
    event: Event,
    listener: (value: ChannelEvents<Data>[Event]) => void,
  ): () => void {
    return this._pushIt.on(event, (value: Events[Event]) => {
      const channel = value.channel!;
      // What arrives is well-formed: below the wildcard is what begins as it does.
      if (channel === this.name || (event === "message" && isWildcard(this.name) && channel.startsWith(this.name.slice(0, -1))))
        listener(value as ChannelEvents<Data>[Event]);
    });
  }

  /**
   * Subscribes and gives the messages, in a `for await` loop. Leaving the loop removes its listener and leaves the
   * subscription; `unsubscribe()` ends the loop; a denial is thrown in it, also one after a reconnection. Messages
   * that the loop is too slow for wait in memory.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage<Data>, void, undefined> {
    const messages: ReceivedMessage<Data>[] = [];
    let ended: { error?: PushItError } | undefined;
    let proceed = (): void => {};
    const removals = [
      this.on("message", (message) => {
        messages.push(message);
        proceed();
      }),
      this.on("unsubscribed", (end) => {
        ended = end;
        proceed();
      }),
    ];
    try {
      await this.subscribe();
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
}
