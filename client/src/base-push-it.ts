import type { Member } from "../../protocol/presence.js";
import type { Client } from "./client.js";
import type { State } from "./connection/state.js";
import type { Credentials } from "./options.js";
import type { Events, OnError, PublishRequest, PublishResult, ReceivedMessage, SubscribeOptions } from "./types.js";

/** What both SDKs have: the connection, callbacks, events. */
export abstract class BasePushIt {
  /** Called with each message, on whatever channel it arrives; assign your own. */
  declare onMessageReceived: ((channel: string, message: ReceivedMessage) => void) | undefined;
  /** Vue leaves an object with this mark as it is: a proxy would keep methods from their private fields. */
  readonly __v_skip = true;
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
    this.on("message", (message) => this.onMessageReceived?.(message.channel, message));
    for (const channel of client.options.channels ?? []) client.hold(channel, client.ownHolder);
    if (client.options.autoConnect) this.connect();
  }

  /** The state of the connection. */
  get state(): State {
    return this.#client.connection.state;
  }

  /** Who this client is to the server: the id of its agent, and its user. `undefined` until the server has said so. */
  get me(): Pick<Member, "agent" | "userId"> | undefined {
    return this.#client.connection.transport?.me;
  }

  /**
   * Connects, also after a denial. An attempt to reconnect that waits is made at once.
   * @param options `credentials` replaces what the client was made with; an open connection is then replaced
   * @throws Error if the runtime has no WebSocket
   */
  connect(options?: { credentials?: Credentials }): void {
    this.#client.connection.connect(options);
  }

  /** Disconnects until `connect()`. Requests that are open fail with `closed`. Channels are subscribed again after it. */
  disconnect(): void {
    this.#client.connection.end("stop", "disconnect");
  }

  /**
   * Disconnects, and forgets subscriptions, positions, requests and messages: the next `connect()` is another user's.
   * Listeners stay.
   */
  reset(): void {
    this.#client.reset();
  }

  /**
   * Has the connection guard decide again, now, with fresh credentials, on the open connection. Rejects with a
   * `PushItError`; a denial ends the connection.
   */
  refreshCredentials(): Promise<void> {
    return this.#client.connection.renew();
  }

  /**
   * Listens to an event.
   * @returns a function that removes the listener
   * @example pushIt.on("state", ({ state, code, reason }) => console.log(state, code, reason))
   */
  on<Event extends keyof Events>(event: Event, listener: (value: Events[Event]) => void): () => void {
    return this.#client.emitter.on(event, listener);
  }

  /**
   * Publishes a message. Messages of one client arrive in the order in which they were published.
   * @param onError called if it was not published; if left out, the `error` event is emitted
   * @param onSuccess called when every subscriber was posted to (on a channel that lingers: when the message is stored),
   * with what the guard gave
   * @returns the message's id
   */
  publish<Data>(message: PublishRequest<Data>, onError?: OnError, onSuccess?: (result: PublishResult) => void): string {
    return this.#client.publish("publish", message, onError, onSuccess);
  }

  /**
   * Publishes a message without a reply: one message on the wire less, and nobody learns whether it was published. What
   * fails before it is sent is an `error` event.
   * @returns the message's id
   */
  send<Data>(message: PublishRequest<Data>): string {
    return this.#client.publish("send", message);
  }

  /**
   * Subscribes to a channel or wildcard. It stays subscribed across reconnections. On a channel with history nothing is
   * missed in between.
   * @param onError called if it failed; if left out, the `error` event is emitted
   * @param onSuccess called when subscribed: every message that is published from now on arrives
   */
  subscribe(
    channel: string,
    onError?: OnError,
    onSuccess?: (channel: string) => void,
    options?: SubscribeOptions,
  ): void {
    this.#client.hold(
      channel,
      this.#client.ownHolder,
      options?.since,
      this.#client.settleCallback(channel, onError, onSuccess),
    );
  }

  /**
   * Unsubscribes from a channel or wildcard that this client subscribed to with `subscribe` or the option `channels`.
   * What a channel object subscribed to stays.
   * @param onError called if it failed; if left out, the `error` event is emitted
   * @param onSuccess called when it is done
   */
  unsubscribe(channel: string, onError?: OnError, onSuccess?: (channel: string) => void): void {
    this.#client.subscriptions.release(
      channel,
      this.#client.ownHolder,
      this.#client.settleCallback(channel, onError, onSuccess),
    );
  }
}
